"""`tiepnhan rehearse`: records played through the real pipeline, the result of each as one JSON line."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from app.logs import configure
from app.rehearsal.hall import CHANNELS, Part, make_database, opened, parts_of
from app.rehearsal.performance import Played, perform
from app.rehearsal.record import Record, RecordError, load
from app.settings import SettingsError
from storage.embedded import EmbeddedPostgres

_SPEAKERS = {"citizen": "Dân", "bot": "Bot", "staff": "Cán bộ"}


def rehearse(paths: Sequence[Path], channels: Sequence[str], profile: str, show: bool) -> bool:
    """Play every record of `paths` on its channels and print what differs; whether all of them pass.

    `profile` empty: the records of every profile. `show`: what was said goes to standard error as well.
    Raises `SettingsError` for an unknown channel or unreadable records, `EmbeddedPostgresError` without a database.
    """
    configure(level="error")
    began = time.monotonic()
    parts = parts_of(_records(paths, profile), _known(channels))
    if not parts:
        raise SettingsError(["không có hội thoại nào để chơi"])
    with tempfile.TemporaryDirectory(prefix="tiepnhan-rehearsal-") as name:
        folder = Path(name)
        # The database server is another user when we are root.
        folder.chmod(0o711)
        server = EmbeddedPostgres(folder / "pg", fsync=False)
        url = server.start()
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                databases = (make_database(url, "gateway"), make_database(url, "store"))
                passed = runner.run(_play_all(parts, folder, databases, show=show))
        finally:
            server.stop()
    print(f"{passed}/{len(parts)} hội thoại đạt, {time.monotonic() - began:.1f} giây", file=sys.stderr, flush=True)
    return passed == len(parts)


def _records(paths: Sequence[Path], profile: str) -> list[Record]:
    try:
        records = [record for path in paths for record in load(path)]
    except (RecordError, OSError) as error:
        raise SettingsError([str(error)]) from None
    return [record for record in records if profile in ("", record.profile)]


def _known(channels: Sequence[str]) -> Sequence[str]:
    if unknown := [channel for channel in channels if channel not in CHANNELS]:
        raise SettingsError([f"--channel: {', '.join(unknown)}; chỉ có {', '.join(CHANNELS)}"])
    return channels


async def _play_all(parts: Sequence[Part], folder: Path, databases: tuple[str, str], *, show: bool) -> int:
    passed = 0
    async with opened(parts, folder=folder, databases=databases) as hall:
        for part in parts:
            played = await perform(hall, part)
            passed += played.passed
            _tell(played, show=show)
    return passed


def _tell(played: Played, *, show: bool) -> None:
    if show:
        print(f"--- {played.part.record.id} {played.part.channel}", file=sys.stderr)
        for speaker, text in played.talk:
            print(f"{_SPEAKERS.get(speaker, speaker)}: {text}", file=sys.stderr)
    line = {
        "id": played.part.record.id,
        "profile": played.part.record.profile,
        "channel": played.part.channel,
        "pass": played.passed,
        "seconds": round(played.seconds, 3),
        "differences": played.differences,
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)
