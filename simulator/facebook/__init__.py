"""The Graph API of one Facebook Page with Messenger, its webhooks, and the people who write to it."""
