"""A Telegram bot's server that lives on this machine."""
