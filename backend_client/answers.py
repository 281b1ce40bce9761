"""Answers of a store as our values, and refusals as our errors. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from backend_client import reading
from backend_client.reading import Record
from backend_client.values import Discovery, Endpoint, Found, Service, Submission, Update
from core.errors import Misconfigured, Refused, TryAgain, Unknown
from core.ports import Answer

WAIT_STATUS = frozenset({408, 425, 429, 503})
"""The store says that it has not taken the request."""
KEY_STATUS = frozenset({401, 403})
SHOWN = 200
"""How much of a foreign error page staff get to see."""


def submission(answer: Answer, zone: ZoneInfo) -> Submission:
    """What the store promised. Raises one of the five `SendError`s."""
    require_taken(answer)
    for record in reading.records(answer.body):
        code, token = reading.text(record, "service_request_id"), reading.text(record, "token")
        if code or token:
            return Submission(
                code=code,
                token="" if code else token,
                notice=reading.text(record, "service_notice"),
                due=reading.due_text(reading.text(record, "expected_datetime"), zone),
                agency=reading.text(record, "agency_responsible"),
            )
    raise Unknown(f"the store answered {answer.status} without an id: {_shown(answer)}")


def require_taken(answer: Answer) -> None:
    """Raise the error that fits an answer which is not a success."""
    if not 200 <= answer.status < 300:
        _refuse(answer)


def _refuse(answer: Answer) -> NoReturn:
    status = answer.status
    code, description = reading.problem(answer.body)
    reason = description or f"HTTP {status}: {_shown(answer)}"
    if status in WAIT_STATUS:
        raise TryAgain(reason, code=code, after=_after(answer.headers))
    if status in KEY_STATUS or 300 <= status < 400 or (status == 404 and not description):
        raise Misconfigured(reason, code=code or str(status))
    if 400 <= status < 500:
        raise Refused(reason, code=code or str(status))
    raise Unknown(reason, code=code or str(status))


def _after(headers: Mapping[str, str]) -> timedelta | None:
    value = headers.get("retry-after", "")
    return timedelta(seconds=int(value)) if value.isascii() and value.isdecimal() and len(value) < 7 else None


def _shown(answer: Answer) -> str:
    return answer.body[:SHOWN].decode("utf-8", "replace")


def found(record: Record, zone: ZoneInfo) -> Found:
    _, state = reading.named_state(record)
    return Found(
        code=reading.text(record, "service_request_id"),
        status=state,
        agency=reading.text(record, "agency_responsible"),
        category=reading.text(record, "service_name", "service_code"),
        due=reading.due_text(reading.text(record, "expected_datetime"), zone),
        text=reading.text(record, "status_notes"),
        at=reading.instant(reading.text(record, "updated_datetime")),
    )


def update(record: Record, zone: ZoneInfo) -> Update | None:
    """One entry of the updates feed or of a push; None without id, case or time."""
    code, key = reading.text(record, "service_request_id"), reading.text(record, "update_id")
    at = reading.instant(reading.text(record, "updated_datetime"))
    if not (code and key and at):
        return None
    name, state = reading.named_state(record)
    fine, words, media = reading.extras(record), reading.text(record, "description"), reading.texts(record, "media_url")
    return Update(
        code=code,
        update_id=key,
        name=name if words or media or state else "",
        at=at,
        status=state,
        text=words,
        agency=reading.text(fine, "agency") or reading.text(record, "agency_responsible"),
        due=reading.due_text(reading.text(fine, "expected_datetime"), zone),
        reason=reading.text(fine, "reason"),
        article=reading.text(fine, "article"),
        missing=reading.text(fine, "missing"),
        media=media,
        locked_until=reading.instant(reading.text(fine, "locked_until")),
    )


def in_window(found: Iterable[Update | None], since: datetime, until: datetime) -> list[Update]:
    """The updates inside the asked window, each once, oldest first: servers answer with more than was asked."""
    # Feeds tell whole seconds: what happened within the first one belongs to the window.
    first = since.replace(microsecond=0)
    once = {item.update_id: item for item in found if item and first <= item.at <= until}
    return sorted(once.values(), key=lambda item: (item.at, item.update_id))


def service(record: Record) -> Service | None:
    code = reading.text(record, "service_code")
    if not code:
        return None
    groups = reading.texts(record, "groups") or reading.texts(record, "group")
    return Service(
        code=code,
        name=reading.text(record, "service_name") or code,
        description=reading.text(record, "description"),
        group=", ".join(groups),
        keywords=tuple(word.strip() for word in reading.text(record, "keywords").split(",") if word.strip()),
        metadata=reading.truth(record.get("metadata")),
        kind=reading.text(record, "type") or "realtime",
    )


def discovery(body: bytes) -> Discovery:
    document: Record = next(iter(reading.records(body)), {})
    inner = document.get("discovery")
    document = inner if isinstance(inner, dict) else document
    endpoints = document.get("endpoints")
    listed = endpoints if isinstance(endpoints, list) else []
    return Discovery(
        contact=reading.text(document, "contact"),
        key_service=reading.text(document, "key_service"),
        changeset=reading.text(document, "changeset"),
        endpoints=tuple(
            Endpoint(
                url=reading.text(item, "url"),
                kind=reading.text(item, "type") or "production",
                formats=reading.texts(item, "formats"),
            )
            for item in listed
            if isinstance(item, dict)
        ),
    )
