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
    OperatorWrote,
    PeerChanged,
    PeerStatus,
    StaffWrote,
    SubmissionRefused,
    TakenOver,
)
from core.model import MediaKind, Place, Speaker
from inbox import words
from inbox.masking import Curtain, Shown
from pipeline import codec
from pipeline.errand import Lane, Status
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What is needed to write a thread down: rows in, lines out."""

    conversation: int
    profile: Profile | None
    operators: Mapping[str, str]
    """Display names by sign-in name."""
    curtain: Curtain
    local: Callable[[datetime], datetime]

    def lines(self, events: Sequence[EventRow], errands: Iterable[ErrandRow], files: Iterable[MediaRow]) -> list[Line]:
        """Every event with what it sent to the citizen behind it. What staff need not see is left out."""
        sent: dict[int, list[ErrandRow]] = {}
        labels: dict[str, str] = {}
        for row in errands:
            if row.lane == Lane.CITIZEN:
                sent.setdefault(row.seq, []).append(row)
        media: dict[int, list[MediaRow]] = {}
        for file in files:
            media.setdefault(file.seq, []).append(file)
        found: list[Line] = []
        for event in events:
            value = _decoded(event)
            found += self._happened(event, value, media.get(event.seq, []), labels)
            who = value.operator if isinstance(value, OperatorWrote) else ""
            for row in sent.get(event.seq, ()):
                found += self._said(row, who, labels)
        return found

    # --- what happened ------------------------------------------------------------------------------------------------

    def _happened(
        self, event: EventRow, value: Any, media: Sequence[MediaRow], labels: Mapping[str, str]
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
        say = codec.decode(row.kind, row.body)
        if not isinstance(say, Say):
            return
        message = say.message
        labels.update({choice.key: choice.label for choice in message.choices})
        by_operator = message.speaker is Speaker.OPERATOR
        status = Status(row.status)
        label, tone = words.DELIVERY[status]
        failed = row.reason and status not in (Status.DONE, Status.SUPERSEDED, Status.WITHDRAWN)
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


def _decoded(event: EventRow) -> Any:
    if event.body is None:
        return None
    try:
        return codec.decode(event.kind, unpack_event(event.body)[0])
    except (KeyError, msgspec.DecodeError):
        # Written by a newer program: its row is there, its words are not ours yet.
        return None


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
