"""What each kind of errand does. One try each; who repeats is not decided here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from psycopg_pool import AsyncConnectionPool

from backend_client import GeoReportStore
from core.effects import EraseAsked, FollowUp, LookUp, Say, Submit
from core.errors import Refused, TryAgain, Unreachable
from core.events import CaseFound, CaseOpened, PictureRead, SendSettled, SubmissionRefused
from core.model import MediaKind, MediaRef, OutboundMedia, OutboundMessage
from core.ports import Blobs, PeerDetail
from core.report import Attachment, Report
from files.sniff import sniff
from normalizer import flagged, normalize
from pipeline import alike, turn
from pipeline.account import Account, Accounts
from pipeline.errand import Describe, Errand, Status
from pipeline.lanes import Done, Perform
from regulations.model import Profile
from storage import media as media_rows
from storage import recent
from storage.media import KeptMedia
from storage.recent import Traces
from storage.seal import Seal

MEDIA_PATIENCE_SECONDS = 90.0
"""A confirmed report waits so long for pictures that are still on their way; then it goes without them, saying so."""

FILE_NAME = "ket-qua"
"""How a file that came with a result is called where the platform shows a name."""


class Performer:
    """Knows how to do every kind of errand; holds no state of its own."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        store: GeoReportStore,
        blobs: Blobs,
        pool: AsyncConnectionPool,
        seal: Seal,
        media_url: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        self._accounts, self._store, self._blobs, self._pool, self._seal = accounts, store, blobs, pool, seal
        self._media_url, self._now = media_url, now
        self.ask_erasure: Callable[[int], Awaitable[object]] | None = None
        self.media_fetched: Callable[[int, float], Awaitable[None]] | None = None

    def kinds(self) -> Mapping[str, Perform]:
        return {
            Say.__name__: self.say,
            Submit.__name__: self.submit,
            LookUp.__name__: self.look_up,
            FollowUp.__name__: self.follow_up,
            MediaRef.__name__: self.fetch,
            Describe.__name__: self.describe,
            EraseAsked.__name__: self.erase,
        }

    def is_safe(self, errand: Errand) -> bool:
        """Whether a second try of something that may have arrived can do no harm."""
        match errand.payload:
            case Say():
                return self._account(errand).channel.capabilities.resend_is_safe
            case Submit() | FollowUp():
                return self._store.resend_is_safe
        return True

    def failed(self, errand: Errand, status: Status, reason: str) -> Done | None:
        """What the conversation is told of an errand that ended without success."""
        now, key = self._now(), str(errand.key)
        match errand.payload:
            case Submit(ordinal=ordinal):
                event = SubmissionRefused(ordinal=ordinal, reason=reason[:200], at=now)
                opened = (errand.report_id, "refused", None, None)
                return Done(event=event, external_id=f"refused:{errand.report_id}", opened=opened)
            case Say(news=news, about=code) if news and status not in (Status.SUPERSEDED, Status.ERASED):
                event_settled = SendSettled(code=code, name=news, at=now, delivered=status is Status.DONE)
                return Done(event=event_settled, external_id=f"settled:{key}")
            case MediaRef():
                return Done(kept=_refused_columns(reason))
        return None

    # --- to the citizen -----------------------------------------------------------------------------------------------

    async def say(self, errand: Errand) -> Done:
        say: Say = errand.payload
        channel = self._account(errand).channel
        if not say.invites and not turn.may_write(
            channel.capabilities, say.message.speaker, errand.last_inbound_at, self._now()
        ):
            raise Unreachable("the platform's reply window is closed", code="window")
        allowed = channel.capabilities.replies_per_window
        if allowed is not None and errand.replies > allowed:
            raise Unreachable("the citizen has to write again before the platform takes more", code="quota")
        message = replace(
            say.message,
            key=str(errand.key),
            thread=errand.thread,
            heard_at=errand.last_inbound_at,
            case=say.about,
            media=await self._at_hand(say.message),
        )
        receipt = await channel.send(errand.peer, message)
        reached = self._seal.index(str(replace(errand.peer, user=receipt.reached))) if receipt.reached else None
        if not say.news:
            return Done(receipt=receipt.external_id, reached=reached)
        settled = SendSettled(code=say.about, name=say.news, at=receipt.at or self._now(), delivered=True)
        return Done(receipt=receipt.external_id, event=settled, external_id=f"settled:{errand.key}", reached=reached)

    async def _at_hand(self, message: OutboundMessage) -> tuple[OutboundMedia, ...]:
        """The message's files with their bytes in our own store; one that cannot be had is left out of a letter."""
        files = []
        for file in message.media:
            try:
                files.append(await self._brought(file))
            except Refused:
                if not message.text:
                    raise
        return tuple(files)

    async def _brought(self, file: OutboundMedia) -> OutboundMedia:
        """What comes with a result lies with the case store until it leaves."""
        if file.blob or not file.url:
            return file
        body = await self._store.file(file.url)
        file = replace(file, blob=await self._blobs.put(body))
        found = sniff(body)
        if found is None:
            return file
        return replace(file, kind=found.kind, mime=found.mime, name=f"{FILE_NAME}.{found.ext}")

    # --- to the case store --------------------------------------------------------------------------------------------

    async def submit(self, errand: Errand) -> Done:
        submit: Submit = errand.payload
        account = self._account(errand)
        report = normalize(
            submit.draft,
            profile=account.profile,
            report_id=errand.report_id,
            peer=errand.peer,
            contact_id=self._contact(errand),
            attachments=await self._attachments(errand, submit.draft.media, submit.draft.confirmed_at),
            now=self._now(),
            closed=submit.closed,
        )
        report, traces, linked = await self._compared(report, errand, account.profile)
        if errand.attempts > 1 and not self._store.resend_is_safe:
            answer = await self._store.probe(report) or await self._store.submit(report)
        else:
            answer = await self._store.submit(report)
        code = answer.code or await self._redeem(answer.token, errand)
        opened = CaseOpened(
            ordinal=submit.ordinal, code=code, at=self._now(), due=answer.due, agency=answer.agency,
            notice=answer.notice, closed=submit.closed, linked=linked,
        )  # fmt: skip
        sealed = self._seal.close(msgspec.json.encode(report), b"report")
        row = (errand.report_id, "opened", code, sealed)
        kept = replace(traces, code=code) if traces is not None else None
        return Done(receipt=code, event=opened, external_id=f"opened:{errand.report_id}", opened=row, traces=kept)

    async def _compared(self, report: Report, errand: Errand, profile: Profile) -> tuple[Report, Traces | None, bool]:
        """The report with what staff should know of others like it; its traces; whether the citizen is told of them.

        Compared with what had been opened when the citizen confirmed: a second try finds the same.
        """
        rules, until = profile.duplicates, report.submitted_at
        own = alike.traces(report, errand.key.conversation, self._seal.index, self._now())
        if rules.media_reuse == "none":
            own = replace(own, pictures=())
        if report.closed or not (own.located or own.pictures):
            return report, None, False
        code, used = "", list[str]()
        if own.located:
            since, reach = until - timedelta(days=rules.window_days), rules.radius_m / alike.METRES_A_DEGREE
            others = await recent.near(self._pool, own, since=since, until=until, reach=reach)
            code = alike.same_matter(own, others, rules.radius_m)
        if own.pictures:
            used = alike.reused(own, await recent.pictures(self._pool, own, until=until))
        return flagged(report, rules, same=code, reused=used), own, bool(code) and rules.other_person == "link"

    async def look_up(self, errand: Errand) -> Done:
        look: LookUp = errand.payload
        found = await self._store.look_up(look.code, profile=errand.profile)
        event = CaseFound(
            code=found.code if found else look.code, found=found is not None, at=self._now(), request=look.request,
            status=found.status if found else "", agency=found.agency if found else "",
            category=found.category if found else "", due=found.due if found else "",
        )  # fmt: skip
        return Done(event=event, external_id=f"found:{errand.key}")

    async def follow_up(self, errand: Errand) -> Done:
        follow: FollowUp = errand.payload
        receipt = await self._store.follow_up(
            follow,
            key=self._seal.index(f"follow-up {errand.key}").hex(),
            attachments=await self._attachments(errand, follow.media, follow.at),
            contact_id=self._contact(errand),
            profile=errand.profile,
        )
        return Done(receipt=receipt)

    async def _redeem(self, token: str, errand: Errand) -> str:
        """A store that issues codes later is asked until it has one; the repeated submission is answered alike."""
        code = await self._store.redeem(token, profile=errand.profile) if token else ""
        if not code:
            raise TryAgain("the store has not issued a code yet", after=timedelta(seconds=5))
        return code

    def _contact(self, errand: Errand) -> str:
        opaque = self._seal.index(f"contact {errand.peer}").hex()
        return self._store.contact_for(errand.peer, opaque)

    async def _attachments(
        self, errand: Errand, refs: tuple[MediaRef, ...], since: datetime | None
    ) -> list[Attachment]:
        if not refs:
            return []
        if self.media_fetched is not None:
            await self.media_fetched(errand.key.conversation, MEDIA_PATIENCE_SECONDS)
        rows = await media_rows.of_conversation(self._pool, errand.key.conversation)
        by_key = {row.key_index: row for row in rows}
        pending = any(by_key[key].status == "pending" for ref in refs if (key := self._seal.index(ref.key)) in by_key)
        if pending and since is not None and self._now() - since < timedelta(seconds=MEDIA_PATIENCE_SECONDS):
            # A download that failed once waits for its next try, perhaps in another process.
            raise TryAgain("files of the report are still on their way", code="media")
        return [self._attachment(ref, by_key.get(self._seal.index(ref.key))) for ref in refs]

    def _attachment(self, ref: MediaRef, row: KeptMedia | None) -> Attachment:
        if row is None or row.status != "kept":
            problem = row.problem if row is not None and row.problem else "not fetched yet"
            return Attachment(kind=ref.kind, source_key=ref.key, mime=ref.mime, name=ref.name, problem=problem)
        return Attachment(
            kind=MediaKind(row.kind),
            source_key=ref.key,
            sha256=row.public,
            mime=row.mime,
            name=ref.name,
            size=row.size or 0,
            url=self._media_url(row.public),
            dhash=row.dhash,
            taken_at=row.taken_at,
            lat=row.lat,
            lon=row.lon,
            marks=tuple(filter(None, row.marks.split(","))),
        )

    # --- from the platform --------------------------------------------------------------------------------------------

    async def fetch(self, errand: Errand) -> Done:
        # Pillow and the HEIC decoder are large: a gateway that never sees a picture does without them.
        from normalizer.media import MediaRefused, limits_of, scrub

        ref: MediaRef = errand.payload
        account = self._account(errand)
        media = await account.channel.fetch(ref)
        original = await self._blobs.put(media.body)
        try:
            found = await asyncio.to_thread(scrub, media, limits=limits_of(account.profile))
        except MediaRefused as refusal:
            return Done(kept=_refused_columns(refusal.reason, original=original, mime=media.mime))
        public = original if found.sha256 == found.original_sha256 else await self._blobs.put(found.body)
        name = self._seal.close((ref.name or media.name).encode(), b"name")
        where = found.proposal
        told = PictureRead(key=ref.key, at=self._now(), lat=where.lat, lon=where.lon, taken_at=where.taken_at)
        news = where.lat is not None or where.taken_at is not None
        return Done(
            event=told if news and ref.lat is None else None,
            external_id=f"picture:{errand.key}",
            kept=(
                "kept", original, public, found.mime, name, len(found.body), found.dhash, where.taken_at, where.lat,
                where.lon, "", ",".join(found.marks),
            )
        )  # fmt: skip

    async def describe(self, errand: Errand) -> Done:
        describes = self._account(errand).describes
        detail = await describes.describe(errand.peer) if describes is not None else PeerDetail()
        return Done(name=self._seal.close(detail.name.encode(), b"name") if detail.name else None)

    async def erase(self, errand: Errand) -> Done:
        """The citizen's own wish. What had to be said to them has left by now."""
        if self.ask_erasure is not None:
            await self.ask_erasure(errand.key.conversation)
        return Done()

    def _account(self, errand: Errand) -> Account:
        account = self._accounts.get(errand.peer.channel, errand.peer.account)
        if account is None:
            raise Refused(f"no account {errand.peer.channel}:{errand.peer.account} is configured any more")
        return account


def _refused_columns(reason: str, *, original: str = "", mime: str = "") -> tuple[object, ...]:
    return ("refused", original, "", mime, None, None, "", None, None, None, reason[:200], "")
