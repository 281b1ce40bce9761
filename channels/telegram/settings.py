"""What an operator sets for one bot."""

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
WEBHOOK_SECRET = re.compile(r"[\w-]{1,256}", re.ASCII)


class TelegramSettings(BaseModel):
    """One bot. Missing, misspelt or malformed values raise `ValidationError` when the program starts."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account: str = Field(min_length=1, description="our name for the bot, part of the webhook's path")
    bot_token: SecretStr = Field(description="<digits>:<secret>, from BotFather")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="what Telegram repeats in every webhook call: 1–256 of A-Z a-z 0-9 _ -; needed unless polling",
    )
    api_base: str = Field(default="https://api.telegram.org", description="base of the Bot API")
    polling: bool = Field(default=False, description="fetch updates instead of waiting for webhooks")
    poll_seconds: int = Field(default=5, ge=1, le=25, description="how long one empty getUpdates call may wait")
    max_connections: int = Field(default=40, ge=1, le=100, description="webhook calls Telegram may have open at once")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not TOKEN.fullmatch(self.bot_token.get_secret_value()):
            raise ValueError("bot_token is not of the form <digits>:<secret>")
        secret = self.webhook_secret.get_secret_value()
        if not (WEBHOOK_SECRET.fullmatch(secret) or (self.polling and not secret)):
            raise ValueError("webhook_secret needs 1 to 256 characters of A-Z a-z 0-9 _ -")
        return self

    @property
    def method_base(self) -> str:
        """Address of the methods, with the token: never to be logged."""
        return f"{self.api_base.rstrip('/')}/bot{self.bot_token.get_secret_value()}"

    @property
    def file_base(self) -> str:
        """Address of the files, with the token: never to be logged."""
        return f"{self.api_base.rstrip('/')}/file/bot{self.bot_token.get_secret_value()}"
