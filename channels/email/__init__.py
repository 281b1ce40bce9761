"""Mail: IMAP in, SMTP out."""

from channels.email.channel import EmailChannel
from channels.email.settings import EmailSettings

__all__ = ["EmailChannel", "EmailSettings"]
