"""The core case store over HTTP: Open311 GeoReport v2, the mySociety updates extension, and our signed pushes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from backend_client import answers, push, reading
from backend_client.form import Pairs, Upload, encode, follow_up_pairs, jurisdiction, report_pairs, w3
from backend_client.settings import StoreSettings
from backend_client.values import Discovery, Found, Service, Submission, Update
from core.effects import FollowUp
from core.errors import DeliveryUnreadable, Refused
from core.model import Peer
from core.ports import Answer, Http
from core.report import Attachment, Report

ANSWER_LIMIT = 8 * 1024 * 1024
FILE_LIMIT = 25 * 1024 * 1024
PROBE_MARGIN = timedelta(minutes=2)
CONFLICT = "idempotency_conflict"


class GeoReportStore:
    """One case store. One try per call: who repeats, when and whether, is the errand engine's business."""

    def __init__(self, settings: StoreSettings, *, http: Http, now: Callable[[], datetime]) -> None:
        self.settings, self._http, self._now = settings, http, now
        self._base = settings.url.rstrip("/")
        self._zone = ZoneInfo(settings.timezone)

    @property
    def resend_is_safe(self) -> bool:
        """A submission that ended as `Unknown` may be repeated: the store answers the same key like the first time."""
        return self.settings.honours_idempotency

    def contact_for(self, peer: Peer, opaque: str) -> str:
        """The contact id that this store is to be told for `peer`."""
        return peer.user if self.settings.contact == "platform" else opaque

    async def submit(self, report: Report, files: Sequence[Upload] = ()) -> Submission:
        """Hand the report over. `files` travel inside the request. Raises one of the five `SendError`s."""
        answer = await self._post("requests", report_pairs(report, self.settings), report.report_id, files)
        try:
            return answers.submission(answer, self._zone)
        except Refused as refusal:
            # The store knows our key with other words: an earlier try, before the profile or a file changed, arrived.
            known = await self.probe(report) if refusal.code == CONFLICT else None
            if known is None:
                raise
            return known

    async def probe(self, report: Report, *, since: datetime | None = None) -> Submission | None:
        """Whether a store that keeps no keys has taken the report already; `since` is when it was first sent.

        To be asked before a second try when not `resend_is_safe`. Raises one of the five `SendError`s.
        """
        sent = since or report.submitted_at
        query = [
            ("jurisdiction_id", jurisdiction(self.settings, report.profile)),
            ("api_key", self.settings.api_key),
            ("service_code", report.category or self.settings.other_service),
            ("start_date", w3(sent - PROBE_MARGIN)),
            ("extensions", "true"),
        ]
        for record in reading.records((await self._get("requests", query)).body):
            if report.report_id.encode() in msgspec.json.encode(record):
                found = answers.found(record, self._zone)
                return Submission(
                    code=found.code,
                    notice=reading.text(record, "service_notice"),
                    due=found.due,
                    agency=found.agency,
                )
        return None

    async def redeem(self, token: str, *, profile: str = "") -> str:
        """The code that a token has become, or an empty text while there is none yet."""
        query = [("jurisdiction_id", jurisdiction(self.settings, profile))]
        found = reading.records((await self._get(f"tokens/{quote(token, safe='')}", query)).body)
        return next((code for record in found if (code := reading.text(record, "service_request_id"))), "")

    async def look_up(self, code: str, *, profile: str = "") -> Found | None:
        """The public side of a case, or None when the store does not know the code."""
        query = [("jurisdiction_id", jurisdiction(self.settings, profile)), ("extensions", "true")]
        answer = await self._get_raw(f"requests/{quote(code, safe='')}", query)
        if answer.status == 404:
            return None
        answers.require_taken(answer)
        found = (answers.found(record, self._zone) for record in reading.records(answer.body))
        return next((item for item in found if item.code.casefold() == code.casefold()), None)

    async def follow_up(
        self,
        follow_up: FollowUp,
        *,
        key: str,
        attachments: Sequence[Attachment] = (),
        contact_id: str = "",
        profile: str = "",
    ) -> str:
        """Tell the store what the citizen says about a case; `key` makes a repetition harmless.

        Returns the store's id of the update. Raises one of the five `SendError`s.
        """
        pairs = follow_up_pairs(
            follow_up, key, self.settings, attachments=attachments, contact=contact_id, profile=profile
        )
        answer = await self._post("servicerequestupdates", pairs, key)
        answers.require_taken(answer)
        ids = (reading.text(record, "update_id", "token") for record in reading.records(answer.body))
        return next(filter(None, ids), key)

    async def updates(self, since: datetime, until: datetime, *, profile: str = "") -> list[Update]:
        """News between two instants, oldest first, each once. Raises one of the five `SendError`s."""
        query = [
            ("jurisdiction_id", jurisdiction(self.settings, profile)),
            ("api_key", self.settings.api_key),
            ("start_date", w3(since)),
            ("end_date", w3(until)),
        ]
        found = reading.records((await self._get("servicerequestupdates", query)).body)
        return answers.in_window((answers.update(record, self._zone) for record in found), since, until)

    def verify_push(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Raise `DeliveryRejected` unless the store signed these bytes lately. Header names are lower case."""
        tolerance = self.settings.push_tolerance_seconds
        push.verify(self.settings.push_secret, body, headers, now=self._now(), tolerance=tolerance)

    def parse_push(self, body: bytes) -> list[Update]:
        """The news in a push, in the order of the store. Raises `DeliveryUnreadable`."""
        found = reading.records(body)
        news = [item for record in found if (item := answers.update(record, self._zone))]
        if len(news) != len(found) or not news:
            raise DeliveryUnreadable("push without a readable update")
        return news

    async def file(self, url: str) -> bytes:
        """The bytes of a photo or document that came with news; only from the store's own address.

        Raises one of the five `SendError`s.
        """
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
            raise Refused("a file of another address than the case store's", code="foreign")
        answer = await self._http.get(url, {}, limit=FILE_LIMIT)
        if 400 <= answer.status < 500:
            # One file that is gone says nothing about the store: it must not stop what else is on its way.
            raise Refused("the store does not give this file", code=str(answer.status))
        answers.require_taken(answer)
        return answer.body

    async def discovery(self) -> Discovery:
        return answers.discovery((await self._get("discovery", [])).body)

    async def services(self, *, profile: str = "") -> list[Service]:
        """What the store takes. Raises one of the five `SendError`s."""
        query = [("jurisdiction_id", jurisdiction(self.settings, profile))]
        found = reading.records((await self._get("services", query)).body)
        return [item for record in found if (item := answers.service(record))]

    async def _post(self, resource: str, pairs: Pairs, key: str, files: Sequence[Upload] = ()) -> Answer:
        body, content_type = encode(pairs, files)
        headers = {"content-type": content_type, "accept": "application/json", "idempotency-key": key}
        return await self._http.post(f"{self._base}/{resource}{self.settings.suffix}", body, headers)

    async def _get(self, resource: str, query: Pairs) -> Answer:
        answer = await self._get_raw(resource, query)
        answers.require_taken(answer)
        return answer

    async def _get_raw(self, resource: str, query: Pairs) -> Answer:
        asked = urlencode([pair for pair in query if pair[1]])
        url = f"{self._base}/{resource}{self.settings.suffix}" + (f"?{asked}" if asked else "")
        return await self._http.get(url, {"accept": "application/json"}, limit=ANSWER_LIMIT)
