"""Platforms as channels, and what fits a message to them. A platform's folder knows no other platform."""
