"""What one instance of the reference store is told at start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(slots=True, kw_only=True)
class Faults:
    """Misbehaviour on demand, for tests of those who call us. Each number says how many more times; 0 is healthy."""

    answer_500: int = 0
    """Refuse before anything is taken."""
    hang_after_accept: int = 0
    """Take the report, then stay silent for `hang_seconds`."""
    drop_after_accept: int = 0
    """Take the report, then break the connection in the middle of the answer."""
    hang_seconds: float = 60

    def take(self, name: str) -> bool:
        """Whether the fault `name` is due now; uses it up by one."""
        left = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return bool(left > 0)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStoreSettings:
    """`profiles` are profile ids or files; each one is a jurisdiction. One alone may go unnamed in requests."""

    database_url: str
    """libpq or SQLAlchemy spelling; the database is ours alone."""
    profiles: tuple[str, ...]
    api_keys: tuple[str, ...] = ()
    """Who may create requests and read the full updates feed."""
    staff_key: str = ""
    """Opens personal data and the officers' pages. Empty: the officers' pages are open, personal data stay shut."""
    public_url: str = ""
    """How others reach us; empty: host and port."""
    host: str = "127.0.0.1"
    port: int = 8090
    production: bool = False
    contact: str = "Hệ thống mẫu, chỉ dùng để thử nghiệm"
    push_url: str = ""
    """Where news are pushed; empty: whoever wants them polls."""
    push_secret: str = ""
    push_backoff_seconds: float = 1.0
    """Wait after the first failed push; doubled up to five minutes."""
    sweep_seconds: float = 30.0
    """How often overdue clocks are looked for."""
    batch_services: frozenset[str] = frozenset()
    """Service codes that are answered with a token instead of a code."""
    token_seconds: float = 0.0
    """How long a token waits for its code."""
    max_upload_bytes: int = 25 * 1024 * 1024
    faults: Faults = field(default_factory=Faults)
    now: Callable[[], datetime] = utc_now

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"
