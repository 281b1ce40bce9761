"""Facebook Messenger and comments of a Page."""

from channels.facebook.admin import FacebookAdmin
from channels.facebook.channel import FacebookChannel
from channels.facebook.settings import FacebookSettings

__all__ = ["FacebookAdmin", "FacebookChannel", "FacebookSettings"]
