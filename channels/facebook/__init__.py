"""Facebook Messenger and comments of a Page."""
