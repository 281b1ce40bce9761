"""Deliveries and reads of what we sent, who answers in a thread, and what Meta decides about the Page."""

import msgspec

from channels.facebook.messages import staff_name
from channels.facebook.notice import Notice, digest
from channels.facebook.wire import Handover, Policy, Watermark, word
from core.events import AccountAlarm, PlatformEvent, Progress, ProgressKind, ThreadMoved

POLICY = {
    "block": "Meta chặn Trang gửi tin nhắn",
    "unblock": "Meta đã bỏ chặn Trang",
    "warning": "Meta cảnh báo Trang",
}


def delivery(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    return _progress(notice, raw, ProgressKind.DELIVERED)


def read(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    return _progress(notice, raw, ProgressKind.SEEN)


def _progress(notice: Notice, raw: msgspec.Raw, kind: ProgressKind) -> PlatformEvent:
    """Message ids are sometimes left out; everything sent up to the watermark is meant."""
    head, mark = notice.head(), msgspec.json.decode(raw, type=Watermark)
    mids = tuple(mid for given in mark.mids or () if (mid := word(given)))
    until = notice.instant(mark.watermark) if mark.watermark else None
    return Progress(
        peer=notice.sender(head),
        external_id=f"{kind}/{digest(mark.watermark, *mids)}",
        sent_at=notice.instant(head.timestamp or mark.watermark),
        kind=kind,
        messages=mids,
        until=until,
    )


def passed(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    return _moved(notice, raw, "passed")


def taken(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    return _moved(notice, raw, "taken")


def _moved(notice: Notice, raw: msgspec.Raw, how: str) -> PlatformEvent:
    head, move = notice.head(), msgspec.json.decode(raw, type=Handover)
    peer, owner = notice.sender(head), word(move.new_owner_app_id)
    ours = owner == notice.page.app_id
    return ThreadMoved(
        peer=peer,
        external_id=f"thread/{how}/{digest(peer.user, head.timestamp, owner)}",
        sent_at=notice.instant(head.timestamp),
        ours=ours,
        by="" if ours or not owner else staff_name(owner),
    )


def requested(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    """Another app would like to answer. Staff give a conversation back by themselves; nothing is handed over here."""
    asked = word(msgspec.json.decode(raw, type=Handover).requested_owner_app_id)
    return notice.ignored(f"app {asked[:40] or 'unknown'} asks for the thread")


def app_roles(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    return notice.ignored("app_roles")


def policy(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    head, decided = notice.head(), msgspec.json.decode(raw, type=Policy)
    action = word(decided.action)
    why = f": {decided.reason[:200]}" if decided.reason else ""
    return AccountAlarm(
        external_id=f"policy/{digest(head.timestamp, action)}",
        sent_at=notice.instant(head.timestamp),
        reason=POLICY.get(action, f"Meta ra quyết định về Trang ({action[:40]})") + why,
    )
