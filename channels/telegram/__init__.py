"""Telegram bots: webhook or long polling, python-telegram-bot for setting up."""

from channels.telegram.adapter import TelegramChannel
from channels.telegram.settings import TelegramSettings

__all__ = ["TelegramChannel", "TelegramSettings"]
