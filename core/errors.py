"""Errors are named by what we do next."""

from datetime import timedelta


class DeliveryError(Exception):
    """Something that arrived cannot be taken as it is.

    ├── DeliveryRejected     not from who it claims to be: refused and counted, nothing is stored
    └── DeliveryUnreadable   authentic, but not understood: kept aside with the reason
    """


class DeliveryRejected(DeliveryError):
    """`status` is what the platform is answered: some set-up pages only accept 200."""

    def __init__(self, reason: str, *, status: int = 401) -> None:
        super().__init__(reason)
        self.status = status


class DeliveryUnreadable(DeliveryError): ...


class SendError(Exception):
    """A call to the outside that did not end with a receipt.

    ├── TryAgain         nothing reached the other side: wait, then retry
    ├── Unreachable      blocked, left, or outside the reply window: take another route
    ├── Refused          will never be taken: show staff why
    ├── Misconfigured    token, permission, balance: pause the account, call an admin
    └── Unknown          it may have arrived: never repeated silently

    `reason` is for staff and logs: no token, no personal data. `code` is the platform's own.
    """

    def __init__(self, reason: str, *, code: str = "", after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason, self.code, self.after = reason, code, after


class TryAgain(SendError): ...


class Unreachable(SendError): ...


class Refused(SendError): ...


class Misconfigured(SendError): ...


class Unknown(SendError): ...


class ProfileError(Exception):
    """A profile does not add up. `problems` are sentences in Vietnamese, one per finding."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(f"{source}: " + "; ".join(problems))
        self.source, self.problems = source, problems
