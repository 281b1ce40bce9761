"""The list of conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from inbox import facts, words
from inbox.desk import Desk
from inbox.guard import Visit
from inbox.masking import Mask, cover_name, fold
from inbox.pages import wants_fragment
from regulations.model import Profile
from storage import alarm_board, operators
from storage.alarms import Alarm
from storage.desk import HANDOFFS, SEARCHED, ConversationRow, DeskQueries, Tab

PAGE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the list, ready to be shown."""

    id: int
    person: str
    channel: str
    mark: str
    """The channel's own name, for its sign."""
    account: str
    profile: str
    preview: str
    owner: str
    state: str
    alert: str
    urgent: bool
    unread: int
    waiting: str
    changed: str
    codes: tuple[str, ...]
    reachable: bool


async def show_list(visit: Visit) -> Response:
    """`?tab=…&channel=…&page=…&q=…`; with `q` names (without accents) and codes among the
    conversations that changed last.
    """
    query = visit.request.query_params
    tab = _tab(query.get("tab", ""))
    number = max(int(query.get("page", "1")), 1) if query.get("page", "1").isdecimal() else 1
    wanted = query.get("q", "").strip()[:80]
    channels = sorted({account.channel.name for account in visit.desk.accounts.all()})
    only = query.get("channel", "") if query.get("channel", "") in channels else ""
    async with visit.desk.engine.connect() as connection:
        queries = DeskQueries(connection, visit.desk.seal)
        counts = await queries.counts(only)
        names = await operators.display_names(connection)
        alarms = await alarm_board.ringing(connection)
        if wanted:
            found = await _search(queries, tab, wanted, only)
            rows = found[(number - 1) * PAGE : number * PAGE + 1]
        else:
            rows = await queries.page(tab, skip=(number - 1) * PAGE, most=PAGE + 1, channel=only)
    return visit.show(
        "list_live.html" if wants_fragment(visit.request) else "list.html",
        tab=tab.value,
        tabs=[(one.value, words.TABS[one], counts[one]) for one in Tab],
        empty="Không tìm thấy cuộc trao đổi nào." if wanted else words.EMPTY_TABS[tab],
        entries=[entry(row, visit.desk, names) for row in rows[:PAGE]],
        number=number,
        more=len(rows) > PAGE,
        q=wanted,
        channels=[(name, words.channel(name)) for name in channels] if len(channels) > 1 else [],
        only=only,
        alarms=alarm_lines(alarms),
        searched=SEARCHED,
    )


def _tab(text: str) -> Tab:
    return Tab(text) if text in Tab.__members__.values() else Tab.WAITING


def alarm_lines(alarms: Sequence[Alarm]) -> list[tuple[str, str, str, str]]:
    """(channel, account, what is wrong, why) of accounts that need somebody."""
    return [
        (words.channel(one.channel), one.account, words.ALARM_KINDS[one.kind], words.trouble(one.reason))
        for one in alarms
    ]


async def _search(queries: DeskQueries, tab: Tab, wanted: str, channel: str) -> list[ConversationRow]:
    by_code = await queries.of_code(tab, wanted, channel)
    known = {row.id for row in by_code}
    folded = fold(wanted)
    by_name = [row for row in await queries.recent(tab, channel) if row.id not in known and folded in fold(row.name)]
    return by_code + by_name


def entry(row: ConversationRow, desk: Desk, names: dict[str, str]) -> Entry:
    account = desk.accounts.get(row.channel, row.account)
    profile = account.profile if account else None
    now = desk.now()
    mask = Mask(facts.secrets_of(row, facts.remember(row)))
    holder = words.holder(row.operator, names)
    return Entry(
        id=row.id,
        person=cover_name(row.name) or "Chưa rõ tên",
        channel=words.channel(row.channel),
        mark=row.channel,
        account=row.account,
        profile=profile.regulation.system_short if profile else row.profile,
        preview=mask(row.preview) or "(ảnh, vị trí hoặc tệp)",
        owner=row.owner,
        state=holder if row.owner == "operator" else words.OWNERS[row.owner],
        alert=words.alert(row.alert, profile),
        urgent=row.alert not in ("", *HANDOFFS),
        unread=row.unread,
        waiting=words.duration(now - row.waiting_since) if row.waiting_since else "",
        changed=words.clock(*local(profile, row.updated_at, now)),
        codes=row.codes,
        reachable=row.reachable,
    )


def local(profile: Profile | None, *instants: datetime) -> Sequence[datetime]:
    """The instants in the province's zone; as they are when it is not known."""
    zone = ZoneInfo(profile.timezone) if profile else None
    return [at.astimezone(zone) if zone else at for at in instants]
