"""One conversation: the thread, what is known, and what an operator may do about it."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from inbox import facts, words
from inbox.guard import Visit
from inbox.lists import alarm_lines, local
from inbox.masking import Curtain, Mask, cover_email
from inbox.pages import wants_fragment
from inbox.thread import Thread, newest_subject
from storage import alarm_board, journal, operators
from storage.desk import HANDOFFS, ConversationRow, DeskQueries
from storage.journal import Act

SHOWN_EVENTS = 120
LONGEST_REPLY = 4000
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composing:
    """The reply box: what stands in it and what has to be said about it."""

    text: str = ""
    problem: str = ""
    guard: str = ""
    """Why it is asked once more before sending; empty when it is not."""
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def reveal(visit: Visit) -> Response:
    """Uncover one field for this one answer. The journal is written first."""
    return await _page(visit, asked=visit.form.get("field", ""))


async def reply(visit: Visit) -> Response:
    row = await _row(visit)
    text = visit.form.get("text", "").replace("\r\n", "\n").strip()
    problem = _closed(visit, row) or _unfit(text)
    if problem:
        return await _page(visit, composing=Composing(text=text, problem=problem), status=409)
    if visit.form.get("sure") != "1" and (why := await _guard(visit, row)):
        return await _page(visit, composing=Composing(text=text, guard=why, nonce=_nonce(visit)), status=409)
    new = await visit.desk.gateway.reply(row.id, operator=visit.operator.name, text=text, nonce=_nonce(visit))
    await _write_down(visit, row.id, Act.REPLIED, new)
    return visit.go(f"/c/{row.id}#reply")


async def take_over(visit: Visit) -> Response:
    row = await _row(visit)
    if row.owner == "operator" and row.operator != visit.form.get("holder", ""):
        raise HTTPException(409, "Một cán bộ khác vừa nhận cuộc trao đổi này. Hãy tải lại trang.")
    new = await visit.desk.gateway.take_over(row.id, operator=visit.operator.name, nonce=_nonce(visit))
    await _write_down(visit, row.id, Act.TOOK_OVER, new)
    return visit.go(f"/c/{row.id}#reply")


async def give_back(visit: Visit) -> Response:
    row = await _row(visit)
    if not _may_give_back(visit, row):
        raise HTTPException(403, "Cuộc trao đổi do cán bộ khác giữ; chỉ người đó hoặc quản trị viên được trả lại.")
    new = await visit.desk.gateway.give_back(row.id, operator=visit.operator.name, nonce=_nonce(visit))
    await _write_down(visit, row.id, Act.GAVE_BACK, new)
    return visit.go(f"/c/{row.id}")


async def trouble_seen(visit: Visit) -> Response:
    """Somebody has looked at what was not delivered: the conversation leaves that tab."""
    row = await _row(visit)
    await _write_down(visit, row.id, Act.TROUBLE_SEEN, True)
    return visit.go(f"/c/{row.id}")


# --- the page ---------------------------------------------------------------------------------------------------------


async def _page(visit: Visit, *, asked: str = "", composing: Composing | None = None, status: int = 200) -> Response:
    desk, number = visit.desk, visit.number("id")
    before = visit.request.query_params.get("before", "")
    async with desk.engine.connect() as connection:
        queries = DeskQueries(connection, desk.seal)
        row = await _find(queries, number)
        events = await queries.events(number, before=int(before) if before.isdecimal() else None, most=SHOWN_EVENTS)
        bounds = {"first": events[0].seq, "last": events[-1].seq} if events else {"first": 0, "last": 0}
        errands = await queries.errands(number, **bounds)
        files = await queries.media(number)
        known = facts.remember(row, await queries.reports(number))
        in_trouble = await queries.in_trouble(number)
        names = await operators.display_names(connection)
        changes = await queries.changes_after(number, bounds["last"]) if before else []
        related = await queries.related(number)
        alarms = await alarm_board.ringing(connection)
        letters = _writes_letters(visit, row)
        address = await queries.address(number) if letters else ""

    account = desk.accounts.get(row.channel, row.account)
    profile = account.profile if account else None
    curtain = Curtain(Mask(facts.secrets_of(row, known)), asked)
    now = local(profile, desk.now())[0]
    thread = Thread(
        conversation=number, profile=profile, operators=names, curtain=curtain,
        local=lambda at: local(profile, at)[0], erased_seq=row.erased_seq or 0,
    )  # fmt: skip
    values: dict[str, Any] = {
        "person": facts.person(row, curtain),
        "lines": thread.lines(events, errands, files, changes),
        "recipient": curtain.value("peer:address", address, cover_email(address)) if letters else None,
        "subject": curtain.text("reply:subject", newest_subject(events)) if letters else None,
        "slots": facts.slots(known.state, profile, curtain) if profile else [],
        "cases": facts.cases(known, profile, curtain) if profile else [],
    }
    if asked:
        await _journal_reveal(visit, row, curtain)
    return visit.show(
        "conversation_live.html" if wants_fragment(visit.request) else "conversation.html",
        status=status,
        row=row,
        now=now,
        clock=words.clock,
        channel=words.channel(row.channel),
        related=related,
        alarms=alarm_lines([one for one in alarms if (one.channel, one.account) == (row.channel, row.account)]),
        erased=words.clock(local(profile, row.erased_at)[0], now) if row.erased_at else "",
        profile=profile.regulation.system_short if profile else row.profile,
        state=words.OWNERS[row.owner],
        holder=_holder(visit, row, names),
        mine=row.owner == "operator" and row.operator == visit.operator.name,
        may_give_back=_may_give_back(visit, row),
        alert=words.alert(row.alert, profile),
        urgent=row.alert not in ("", *HANDOFFS),
        waiting=words.duration(desk.now() - row.waiting_since) if row.waiting_since else "",
        window=_window(visit, row),
        closed=_closed(visit, row),
        in_trouble=in_trouble,
        older=events[0].seq if events and events[0].seq > 1 else 0,
        newest=not before,
        composing=composing or Composing(),
        longest=LONGEST_REPLY,
        **values,
    )


async def _journal_reveal(visit: Visit, row: ConversationRow, curtain: Curtain) -> None:
    if not curtain.found:
        raise HTTPException(404, "Không có trường dữ liệu này.")
    await _write_down(visit, row.id, Act.REVEALED, True, detail=curtain.asked)


async def _row(visit: Visit) -> ConversationRow:
    async with visit.desk.engine.connect() as connection:
        return await _find(DeskQueries(connection, visit.desk.seal), visit.number("id"))


async def _find(queries: DeskQueries, number: int) -> ConversationRow:
    row = await queries.conversation(number)
    if row is None:
        raise HTTPException(404, "Không có cuộc trao đổi này.")
    return row


async def _write_down(visit: Visit, conversation: int, act: Act, new: bool, *, detail: str = "") -> None:
    if not new:
        return
    async with visit.desk.engine.begin() as connection:
        await journal.write(
            connection,
            operator=visit.operator.name,
            act=act,
            at=visit.desk.now(),
            conversation=conversation,
            detail=detail,
        )


# --- what may be done -------------------------------------------------------------------------------------------------


def _holder(visit: Visit, row: ConversationRow, names: dict[str, str]) -> str:
    if row.owner != "operator":
        return ""
    return words.holder(row.operator, names)


def _writes_letters(visit: Visit, row: ConversationRow) -> bool:
    account = visit.desk.accounts.get(row.channel, row.account)
    return account is not None and account.channel.capabilities.letters


def _may_give_back(visit: Visit, row: ConversationRow) -> bool:
    held_by_another = row.owner == "operator" and row.operator != visit.operator.name
    return row.owner != "bot" and (not held_by_another or visit.operator.is_admin)


def _closed(visit: Visit, row: ConversationRow) -> str:
    account = visit.desk.accounts.get(row.channel, row.account)
    return words.closed_because(
        reachable=row.reachable,
        capabilities=account.channel.capabilities if account else None,
        last_inbound_at=row.last_inbound_at,
        now=visit.desk.now(),
    )


def _window(visit: Visit, row: ConversationRow) -> str:
    """How long a reply may still be sent and how many, where the platform limits that."""
    account = visit.desk.accounts.get(row.channel, row.account)
    if account is None or row.last_inbound_at is None:
        return ""
    limits, parts = account.channel.capabilities, []
    zone = account.profile
    if left := words.window(limits, row.last_inbound_at, visit.desk.now(), lambda at: local(zone, at)[0]):
        parts.append(left)
    if limits.replies_per_window is not None:
        parts.append(f"còn {max(limits.replies_per_window - row.replies, 0)} tin miễn phí")
    return ", ".join(parts)


def _unfit(text: str) -> str:
    if not text:
        return "Hãy nhập nội dung trả lời."
    return f"Nội dung dài quá {LONGEST_REPLY} ký tự." if len(text) > LONGEST_REPLY else ""


async def _guard(visit: Visit, row: ConversationRow) -> str:
    """Why this reply may cross something the operator has not seen; empty when it does not."""
    seen = visit.form.get("seen", "")
    async with visit.desk.engine.connect() as connection:
        queries = DeskQueries(connection, visit.desk.seal)
        newer = await queries.citizen_events_after(row.id, int(seen) if seen.isdecimal() else 0)
        names = await operators.display_names(connection)
    if newer:
        return f"Người dân vừa nhắn thêm {newer} tin trong lúc bạn viết."
    if row.owner == "operator" and row.operator != visit.operator.name:
        return f"Cuộc trao đổi này đang do {_holder(visit, row, names)} giữ; gửi tin là nhận thay."
    return ""


def _nonce(visit: Visit) -> str:
    """The key of this press of a button. Raises `HTTPException` for one that no page of ours has made."""
    nonce = visit.form.get("nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise HTTPException(400, "Biểu mẫu thiếu thông tin. Hãy tải lại trang.")
    return nonce
