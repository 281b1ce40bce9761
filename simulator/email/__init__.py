"""A mail office on this machine: the authority's mailbox over IMAP, its way out over SMTP, and citizens who write."""
