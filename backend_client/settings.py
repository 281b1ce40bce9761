"""How to reach one case store."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the case store is and how it behaves. The defaults suit the reference store."""

    url: str
    """Base of GeoReport v2, without the resource: https://example.gov.vn/open311/v2"""
    api_key: str = ""
    jurisdiction_id: str = ""
    """Empty: the report's profile id is sent where `profile_is_jurisdiction` holds, else nothing."""
    profile_is_jurisdiction: bool = True
    push_secret: str = ""
    """Shared with the store; empty refuses every push."""
    contact: Literal["opaque", "platform"] = "opaque"
    """What `account_id` tells the store: our own opaque contact id, or the platform's user id."""
    honours_idempotency: bool = True
    """The store answers a repeated key like the first time. False: `probe` before a second try."""
    suffix: str = ".json"
    """Appended to every resource; some servers want none."""
    timezone: str = "Asia/Ho_Chi_Minh"
    """In which deadlines are shown to citizens."""
    other_service: str = "khac"
    """The service code of a report whose category nobody could tell."""
    push_tolerance_seconds: int = 300
