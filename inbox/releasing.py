"""Administrators: who sent a report is told to a competent body that asked for it, and it is written down."""

import json
from dataclasses import asdict
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from inbox import facts, words
from inbox.guard import Visit
from storage import journal
from storage.desk import ConversationRow, DeskQueries
from storage.journal import Act

SHORTEST = 10
"""Characters: who asks, and the number of the letter."""
LONGEST = 200


async def confirm(visit: Visit) -> Response:
    """What is told, and why it is asked for."""
    row, _ = await _known(visit)
    return _form(visit, row)


async def release(visit: Visit) -> Response:
    """The senders of the conversation's reports as a JSON file. The journal's line is committed before it leaves."""
    if not visit.operator.is_admin:
        raise HTTPException(403, "Việc này dành cho quản trị viên.")
    row, known = await _known(visit)
    reason = " ".join(visit.form.get("reason", "").split())
    if not SHORTEST <= len(reason) <= LONGEST:
        return _form(visit, row, problem=f"Cần ghi cơ quan yêu cầu và số văn bản ({SHORTEST}–{LONGEST} ký tự).")
    async with visit.desk.engine.begin() as connection:
        await journal.write(
            connection, operator=visit.operator.name, act=Act.RELEASED, at=visit.desk.now(), conversation=row.id,
            detail=reason,
        )  # fmt: skip
    return Response(
        json.dumps(_senders(known), ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="nguoi-gui-{row.id}.json"'},
    )


async def _known(visit: Visit) -> tuple[ConversationRow, facts.Remembered]:
    number = visit.number("id")
    async with visit.desk.engine.connect() as connection:
        queries = DeskQueries(connection, visit.desk.seal)
        row = await queries.conversation(number)
        if row is None:
            raise HTTPException(404, "Không có cuộc trao đổi này.")
        return row, facts.remember(row, await queries.reports(number))


def _form(visit: Visit, row: ConversationRow, *, problem: str = "") -> Response:
    return visit.show(
        "release.html", status=409 if problem else 200, row=row, channel=words.channel(row.channel), problem=problem
    )


def _senders(known: facts.Remembered) -> list[dict[str, Any]]:
    return [
        {"code": row.code or "", **{slot: value for slot, value in asdict(report.reporter).items() if value}}
        for row, report in known.reports
        if report is not None
    ]
