"""Zalo Official Account: consultation messages, webhook, OAuth v4. See README.md beside this file."""

from channels.zalo.channel import ZaloChannel
from channels.zalo.outgoing import FREE_WINDOW, PeerQuota, Quota, ZaloReceipt
from channels.zalo.settings import ZaloSettings

__all__ = ["FREE_WINDOW", "PeerQuota", "Quota", "ZaloChannel", "ZaloReceipt", "ZaloSettings"]
