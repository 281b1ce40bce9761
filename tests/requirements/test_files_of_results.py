"""Photos and documents of a result, from the case store to the citizen's phone."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.email.capabilities import CAPABILITIES
from channels.render import fit
from core.events import CaseChanged, Source
from core.model import MediaKind, OutboundMedia, OutboundMessage, Peer, Receipt
from core.ports import Answer
from pipeline.account import Account
from pipeline.items import Item
from regulations.loader import load
from storage.blobs import FolderBlobs
from tests.survival.houses import House, NoHttp, Platform, house

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
STORE = "http://127.0.0.1:9"
BYTES = {
    "/media/anh-1": b"\xff\xd8\xff\xe0 one",
    "/media/anh-2": b"\xff\xd8\xff\xe0 two",
    "/media/van-ban": b"%PDF-1.7 van ban",
    "http://169.254.169.254/latest/meta-data": b"secret",
}


class Phone(Platform):
    """Remembers everything that came, files with their bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[OutboundMessage] = []

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        self.came.append(message)
        return await super().send(peer, message)

    def texts_with(self, words: str) -> int:
        return sum(words in message.text for message in self.came)

    @property
    def files(self) -> list[OutboundMedia]:
        return [file for message in self.came for file in message.media]


@pytest.fixture(autouse=True)
def store_with_files(monkeypatch: pytest.MonkeyPatch) -> None:
    async def get(self: NoHttp, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        body = BYTES.get(url.removeprefix(STORE))
        return Answer(404) if body is None else Answer(200, body)

    monkeypatch.setattr(NoHttp, "get", get)


async def news(opened: House, phone: Phone, name: str, **values: Any) -> None:
    """The store tells about a case of somebody who has written before; returns when everything has left."""
    await opened.hear("an", "xin chào")
    index = opened.seal.index(str(Peer(channel="fake", account="a", user="an")))
    event = CaseChanged(code="X-261120-0001", update_id="u1", name=name, at=AT, **values)
    for _ in range(3):
        # The store repeats what was not acknowledged.
        await opened.gateway.writer.take([Item(index, event, "u1", Source.STORE)])
    await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")


def at_home(phone: Phone, province: str) -> dict[tuple[str, str], Account]:
    return {("fake", "a"): Account(phone, load(province))}


async def test_a_result_comes_with_its_photos(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    """R-BN-41, Đ10.2.b*: text and two photos, each once."""
    phone = Phone()
    async with house(tmp_path, fresh_database(), platform=phone, accounts=at_home(phone, "bac-ninh")) as opened:
        photos = (f"{STORE}/media/anh-1", f"{STORE}/media/anh-2")
        await news(opened, phone, "result.published", status="published", text="Đã dọn", media=photos)

        blobs = FolderBlobs(opened.folder / "blobs", opened.seal)
        assert phone.texts_with("Đã dọn") == 1
        assert [(file.kind, file.mime) for file in phone.files] == [(MediaKind.IMAGE, "image/jpeg")] * 2
        assert [await blobs.get(file.blob) for file in phone.files] == [BYTES["/media/anh-1"], BYTES["/media/anh-2"]]


async def test_a_result_comes_with_its_document(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    """R-VL-61, Phụ lục 2: đính kèm văn bản nếu có."""
    phone = Phone()
    async with house(tmp_path, fresh_database(), platform=phone, accounts=at_home(phone, "vinh-long")) as opened:
        document = (f"{STORE}/media/van-ban",)
        await news(opened, phone, "result.published", status="published", text="Đã sửa", media=document)

        (file,) = phone.files
        assert (file.kind, file.mime, file.name) == (MediaKind.FILE, "application/pdf", "ket-qua.pdf")


async def test_why_a_case_is_complex_comes_with_the_document(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    """R-BN-49, Đ10.4*: phản hồi người dân kèm văn bản."""
    phone = Phone()
    async with house(tmp_path, fresh_database(), platform=phone, accounts=at_home(phone, "bac-ninh")) as opened:
        document = (f"{STORE}/media/van-ban",)
        reason = "Phải xin kinh phí của tỉnh"
        await news(opened, phone, "extension.announced", status="extended", reason=reason, media=document)

        assert [file.mime for file in phone.files] == ["application/pdf"]
        assert phone.texts_with(reason) == 1


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data", f"{STORE}/media/gone"])
async def test_a_file_from_elsewhere_or_gone_does_not_hold_up_the_result(
    tmp_path: Path, fresh_database: Callable[[], str], url: str
) -> None:
    """R-BN-41: the text arrives; the store cannot make the gateway ask another machine."""
    phone = Phone()
    async with house(tmp_path, fresh_database(), platform=phone, accounts=at_home(phone, "bac-ninh")) as opened:
        await news(opened, phone, "result.published", status="published", text="Đã dọn", media=(url,))

        assert phone.files == [] and phone.texts_with("Đã dọn") == 1


def test_by_mail_a_result_and_its_files_are_one_letter() -> None:
    """R-BN-41, R-VL-61."""
    file = OutboundMedia(kind=MediaKind.FILE, blob="", url=f"{STORE}/media/van-ban")
    letter = OutboundMessage(text="Kết quả", media=(file, file))

    assert fit(letter, CAPABILITIES) == (letter,)


async def test_a_forward_is_told_once_although_the_store_repeats_it(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """R-BN-39, Đ9*: no duplicate on retry."""
    phone = Phone()
    async with house(tmp_path, fresh_database(), platform=phone, accounts=at_home(phone, "bac-ninh")) as opened:
        await news(opened, phone, "report.forwarded", status="forwarded", agency="UBND phường Võ Cường")

        assert phone.texts_with("đã chuyển đến UBND phường Võ Cường") == 1
