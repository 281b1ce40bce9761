"""Mail servers on loopback ports, and the mailboxes of simulated citizens."""
