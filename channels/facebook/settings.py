"""What an operator sets for one Page."""

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

DIGITS = re.compile(r"[0-9]{1,32}")
VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]")


class FacebookSettings(BaseModel):
    """One Page on one Meta app. Missing, misspelt or malformed values raise `ValidationError` at the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account: str = Field(min_length=1, description="our name for the Page, part of the webhook's path")
    app_id: str = Field(description="id of the app on developers.facebook.com, digits only")
    app_secret: SecretStr = Field(min_length=1, description="App Secret: signs deliveries and proves our calls")
    page_id: str = Field(description="id of the Page, digits only")
    page_token: SecretStr = Field(min_length=1, description="Page access token, best of a system user")
    verify_token: SecretStr = Field(
        default=SecretStr(""),
        description="what the dashboard repeats when the webhook's address is saved; ours to choose",
    )
    api_base: str = Field(default="https://graph.facebook.com", description="base of the Graph API")
    version: str = Field(default="v26.0", description="version of the Graph API, pinned; docs: about two years each")
    human_agent: bool = Field(
        default=False,
        description="the app has the feature Human Agent: staff may write up to 7 days after the citizen's last word",
    )
    answer_comments: bool = Field(
        default=True, description="take comments and posts of others on the Page, to answer them with one private reply"
    )
    typing: bool = Field(default=True, description="show that the citizen was read, or that a file is on its way")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        for name in ("app_id", "page_id"):
            if not DIGITS.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} consists of digits")
        if not VERSION.fullmatch(self.version):
            raise ValueError("version looks like v26.0")
        return self

    def url(self, path: str) -> str:
        """The address of a node or edge of the Graph, such as `/me`. Never holds a secret."""
        return f"{self.api_base.rstrip('/')}/{self.version}{path}"
