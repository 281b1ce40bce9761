"""Administrators: a citizen wants their data erased; an account's alarm has been seen to."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from inbox import words
from inbox.guard import Visit
from storage import alarm_board, journal
from storage.desk import DeskQueries
from storage.journal import Act


async def confirm(visit: Visit) -> Response:
    """What will go and what stays, before anything is done."""
    number = visit.number("id")
    async with visit.desk.engine.connect() as connection:
        queries = DeskQueries(connection, visit.desk.seal)
        row = await queries.conversation(number)
        if row is None:
            raise HTTPException(404, "Không có cuộc trao đổi này.")
    return visit.show("erase.html", row=row, channel=words.channel(row.channel))


async def erase(visit: Visit) -> Response:
    """The journal's line is written together with the erasure itself."""
    _admins_only(visit)
    if visit.form.get("sure") != "1":
        return await confirm(visit)
    try:
        await visit.desk.gateway.erase(visit.number("id"), operator=visit.operator.name)
    except KeyError:
        raise HTTPException(404, "Không có cuộc trao đổi này.") from None
    return visit.go(f"/c/{visit.number('id')}")


async def alarm_seen(visit: Visit) -> Response:
    """An account's alarms leave the board; what is still wrong comes back by itself."""
    _admins_only(visit)
    channel, account = visit.form.get("channel", ""), visit.form.get("account", "")
    async with visit.desk.engine.begin() as connection:
        await alarm_board.seen_to(connection, channel, account)
        await journal.write(
            connection, operator=visit.operator.name, act=Act.ALARM_SEEN, at=visit.desk.now(),
            detail=f"{channel}:{account}"[:200],
        )  # fmt: skip
    return visit.go("/status")


def _admins_only(visit: Visit) -> None:
    if not visit.operator.is_admin:
        raise HTTPException(403, "Việc này dành cho quản trị viên.")
