"""Conversations played from records: what a citizen writes, what the bot must understand, say and hand over."""
