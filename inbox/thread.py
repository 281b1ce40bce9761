"""The thread of one conversation: events and what was sent because of them, in order. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from core.effects import Say
from core.events import (
    CaseChanged,
    CaseOpened,
    GivenBack,
    InboundMessage,
    MessageEdited,
    MessageWithdrawn,
    OperatorWrote,
    PeerChanged,
    PeerStatus,
    PublicComment,
    StaffWrote,
    SubmissionRefused,
    TakenOver,
    ThreadMoved,
)
from core.model import MediaKind, Place, Speaker
from inbox import words
from inbox.masking import Curtain, Shown, cover_name
from pipeline import codec
from pipeline.errand import TOLD_LATER, Lane, Status
from pipeline.items import unpack_event
from regulations.model import Profile
from storage.desk import ErrandRow, EventRow, MediaRow

_PEER_NOTES = {
    PeerStatus.FOLLOWED: "Người dân quan tâm kênh",
    PeerStatus.UNFOLLOWED: "Người dân bỏ quan tâm kênh",
    PeerStatus.BLOCKED: "Người dân chặn kênh",
    PeerStatus.UNBLOCKED: "Người dân bỏ chặn kênh",
    PeerStatus.ERASURE_ASKED: "Người dân yêu cầu xóa dữ liệu cá nhân",
}
_NOTHING = Shown("")
_FILES = {
    MediaKind.IMAGE: "Ảnh",
    MediaKind.VIDEO: "Video",
    MediaKind.AUDIO: "Ghi âm",
    MediaKind.FILE: "Tệp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a citizen. `path` leads to its copy without metadata; empty while there is none."""

    kind: MediaKind
    label: str
    path: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    label: str
    tone: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    label: str
    tone: str = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry. `side` is citizen, bot, operator or note."""

    key: str
    side: str
    who: str
    at: datetime
    text: Shown = _NOTHING
    pressed: Shown = _NOTHING
    """The label of a button the citizen pressed."""
    choices: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    delivery: Delivery | None = None
    remark: str = ""
    subject: Shown = _NOTHING
    badges: tuple[Badge, ...] = ()
    original: str = ""
    """Where the message can be seen as it came; empty where its text is all there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What is needed to write a thread down: rows in, lines out."""

    conversation: int
    profile: Profile | None
    operators: Mapping[str, str]
    """Display names by sign-in name."""
    curtain: Curtain
    local: Callable[[datetime], datetime]
    erased_seq: int = 0
    """Events up to here were erased on request."""

    def lines(
        self,
        events: Sequence[EventRow],
        errands: Iterable[ErrandRow],
        files: Iterable[MediaRow],
        changes: Sequence[EventRow] = (),
    ) -> list[Line]:
        """Every event with what it sent to the citizen behind it. What staff need not see is left out.

        `changes` are edits and withdrawals that happened after these events.
        """
        sent: dict[int, list[ErrandRow]] = {}
        labels: dict[str, str] = {}
        for row in errands:
            if row.lane == Lane.CITIZEN:
                sent.setdefault(row.seq, []).append(row)
        media: dict[int, list[MediaRow]] = {}
        for file in files:
            media.setdefault(file.seq, []).append(file)
        found: list[Line] = []
        values = [(event, decoded(event)) for event in events]
        changed = _changed(value for _, value in (*values, *((event, decoded(event)) for event in changes)))
        if events and events[0].seq <= self.erased_seq:
            found.append(self._erased(events))
        for event, value in values:
            if event.seq <= self.erased_seq and event.body is None:
                continue
            found += self._happened(event, value, media.get(event.seq, []), labels, changed)
            who = value.operator if isinstance(value, OperatorWrote) else ""
            for row in sent.get(event.seq, ()):
                found += self._said(row, who, labels)
        return found

    # --- what happened ------------------------------------------------------------------------------------------------

    def _erased(self, events: Sequence[EventRow]) -> Line:
        """One line for all that is gone, instead of many that say nothing."""
        last = max((event for event in events if event.seq <= self.erased_seq), key=lambda event: event.seq)
        text = Shown("Nội dung trước đây đã được xóa theo yêu cầu của người dân.")
        return Line(key=f"erased{last.seq}", side="note", who="", at=self.local(last.recorded_at), text=text)

    def _happened(
        self,
        event: EventRow,
        value: Any,
        media: Sequence[MediaRow],
        labels: Mapping[str, str],
        changed: Mapping[str, Badge],
    ) -> Iterator[Line]:
        key, at = f"e{event.seq}", self.local(event.recorded_at)
        field, choice = f"event:{event.seq}", f"event:{event.seq}:choice"
        remark = "Hệ thống không tự trả lời được tin này." if event.problem else ""
        if event.body is None:
            if event.kind in (InboundMessage.__name__, MessageEdited.__name__):
                yield Line(key=key, side="note", who="", at=at, text=Shown("Nội dung không được lưu theo quy định."))
            return
        match value:
            case InboundMessage():
                pressed = labels.get(value.choice, value.choice) if value.choice and not value.text else ""
                yield Line(
                    key=key, side="citizen", who=words.CITIZEN, at=at,
                    text=self.curtain.text(field, _content(value)), pressed=self.curtain.text(choice, pressed),
                    files=tuple(self._file(row) for row in media), remark=remark,
                    subject=self.curtain.text(f"{field}:subject", value.subject),
                    badges=tuple(_badges(value, changed)),
                    original=f"/c/{self.conversation}/original/{event.seq}" if value.original else "",
                )  # fmt: skip
            case PublicComment():
                who = " · ".join(filter(None, (words.CITIZEN, cover_name(value.sender_name))))
                yield Line(
                    key=key, side="citizen", who=who, at=at, text=self.curtain.text(field, value.text),
                    files=tuple(self._file(row) for row in media), remark=remark,
                    badges=(Badge("Bình luận công khai", "warn"), *_change(value.external_id, changed)),
                )  # fmt: skip
            case MessageEdited():
                text = self.curtain.text(field, value.text or _place(value.place))
                remark = remark or "Người dân đã sửa tin trước."
                yield Line(key=key, side="citizen", who=words.CITIZEN, at=at, text=text, remark=remark)
            case StaffWrote():
                text = self.curtain.text(field, value.text or _count(len(value.media)))
                yield Line(key=key, side="operator", who=words.PLATFORM_STAFF, at=at, text=text)
            case _:
                if note := self._note(value):
                    yield Line(key=key, side="note", who="", at=at, text=self.curtain.text(field, note), remark=remark)

    def _note(self, value: Any) -> str:
        match value:
            case TakenOver(operator=name):
                return f"{self.operators.get(name, name)} nhận xử lý"
            case GivenBack(operator=name):
                return f"{self.operators.get(name, name)} trả lại cho hệ thống"
            case PeerChanged(status=status):
                return _PEER_NOTES[status]
            case MessageWithdrawn():
                return "Người dân đã thu hồi một tin đã gửi"
            case ThreadMoved(ours=True):
                return "Nền tảng trả cuộc trao đổi về cho hệ thống"
            case ThreadMoved(by=by):
                return f"Ứng dụng khác nhận cuộc trao đổi{f' ({by})' if by else ''}: hệ thống ngừng tự trả lời"
            case CaseOpened(code=code, agency=agency, due=due):
                parts = [f"Hồ sơ {code} đã được tạo", agency, f"hạn {due}" if due else ""]
                return " · ".join(filter(None, parts))
            case SubmissionRefused(reason=reason):
                return f"Hệ thống hồ sơ không nhận phản ánh: {words.trouble(reason)}"
            case CaseChanged(code=code, status=status, text=text):
                state = self.profile.workflow.states.get(status) if self.profile else None
                parts = [f"Hồ sơ {code}: {state.label if state else status or 'có tin mới'}", text]
                return " · ".join(filter(None, parts))
        return ""

    def _file(self, row: MediaRow) -> File:
        kind = MediaKind(row.kind)
        if row.status != "kept":
            problem = "không nhận được" if row.status == "refused" else "đang tải về"
            return File(kind=kind, label=_FILES[kind], problem=problem)
        return File(kind=kind, label=_FILES[kind], path=f"/media/{self.conversation}/{row.seq}/{row.n}")

    # --- what was said ------------------------------------------------------------------------------------------------

    def _said(self, row: ErrandRow, operator: str, labels: dict[str, str]) -> Iterator[Line]:
        if not row.body:
            # Erased on request.
            return
        say = codec.decode(row.kind, row.body)
        if not isinstance(say, Say):
            return
        message = say.message
        labels.update({choice.key: choice.label for choice in message.choices})
        by_operator = message.speaker is Speaker.OPERATOR
        status = Status(row.status)
        label, tone = words.DELIVERY[status]
        failed = row.reason and status not in (Status.DONE, Status.SUPERSEDED, Status.WITHDRAWN)
        if row.reason == TOLD_LATER:
            label = "Chưa gửi được; đã báo lại khi người dân nhắn tiếp"
        if status is Status.OPEN and row.not_before is not None:
            label, tone = f"Sẽ gửi lại lúc {self.local(row.not_before):%H:%M %d/%m}", "bad"
        yield Line(
            key=f"m{row.seq}-{row.n}",
            side="operator" if by_operator else "bot",
            who=self.operators.get(operator, operator) if by_operator else words.BOT,
            at=self.local(row.settled_at or row.created_at),
            text=self.curtain.text(f"errand:{row.seq}.{row.n}", message.text or _count(len(message.media))),
            choices=tuple(choice.label for choice in message.choices),
            delivery=Delivery(label=label, tone=tone, detail=words.trouble(row.reason) if failed else ""),
        )


def decoded(event: EventRow) -> Any:
    """The event in a row; None where it is not kept or not ours to read."""
    if event.body is None:
        return None
    try:
        return codec.decode(event.kind, unpack_event(event.body)[0])
    except (KeyError, msgspec.DecodeError):
        # Written by a newer program: its row is there, its words are not ours yet.
        return None


def _changed(values: Iterable[Any]) -> dict[str, Badge]:
    """Messages that were changed or taken back since, by their id, with what is to be said of them."""
    found: dict[str, Badge] = {}
    for value in values:
        if isinstance(value, MessageEdited) and value.of not in found:
            found[value.of] = Badge("Đã sửa, xem bản mới bên dưới")
        elif isinstance(value, MessageWithdrawn):
            found[value.of] = Badge("Người dân đã thu hồi", "warn")
    return found


def _change(external_id: str, changed: Mapping[str, Badge]) -> Iterator[Badge]:
    if external_id in changed:
        yield changed[external_id]


def _badges(message: InboundMessage, changed: Mapping[str, Badge]) -> Iterator[Badge]:
    if message.authenticity in words.AUTHENTICITY:
        yield Badge(*words.AUTHENTICITY[message.authenticity])
    if message.standby:
        yield Badge("Ứng dụng khác đang trả lời")
    yield from _change(message.external_id, changed)


def _content(message: InboundMessage) -> str:
    """What a message says besides its files."""
    if message.text:
        return message.text
    if message.place is not None:
        return _place(message.place)
    if message.contact is not None:
        return " · ".join(filter(None, ("Danh thiếp", message.contact.name, message.contact.phone)))
    if message.sticker:
        return f"[Nhãn dán] {message.sticker}".strip()
    if message.unsupported:
        return f"[Loại nội dung chưa hỗ trợ: {message.unsupported}]"
    return "Bắt đầu trò chuyện" if message.started else ""


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    pin = f"{place.lat:.5f}, {place.lon:.5f}" if place.lat is not None and place.lon is not None else ""
    return " · ".join(filter(None, ("Vị trí", place.text, pin)))


def _count(files: int) -> str:
    return f"[{files} tệp đính kèm]" if files else ""


def newest_subject(events: Sequence[EventRow]) -> str:
    """The heading that an answer to these letters carries; empty when none of them has one."""
    for event in reversed(events):
        value = decoded(event)
        if isinstance(value, InboundMessage) and value.subject:
            return f"Re: {value.subject}"
    return ""
