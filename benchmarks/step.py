"""What one step of the dialog costs in processor time: `python -m benchmarks.step [runs]`.

Prints the median of every message of the form the load test fills in, of the first message of D01, and of long texts,
without the case store, channels and storage. Nothing else should run beside it.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import mean, median
from typing import Any

import dialog
from core.events import InboundMessage
from core.model import MediaKind, MediaRef, Peer, Place
from regulations.loader import load
from regulations.model import Profile

NOW = datetime(2026, 11, 20, 19, 40, tzinfo=timezone(timedelta(hours=7)))
FORM = Path(__file__).parent / "profiles" / "bench.toml"
FREE = "tien-giang"
RUNS = 300

D01 = (
    "alo cho minh bao den duong truoc nha so 45 Ly Thuong Kiet p5 my tho tat 3 dem nay, toi mit. "
    "minh ten Tran Van Hung sdt 0909 123 456"
)
LONG = (
    "Tôi xin phản ánh việc rác thải sinh hoạt đổ tràn ra đường trước cổng chợ, bốc mùi hôi thối suốt 3 tuần nay; "
    "không phải một mà là nhiều hộ dân ở đường Lý Thường Kiệt bị ảnh hưởng. "
)
TONELESS = (
    "em o ap 4 xa tan my chanh, rac do dong may ngay nay khong ai don boc mui hoi thoi qua chiu het noi roi ad oi "
)


def form(run: int) -> tuple[dict[str, Any], ...]:
    """The eight messages that fill in one form; names, numbers and places differ from run to run."""
    number = f"{run:06d}"
    photo = MediaRef(kind=MediaKind.IMAGE, key=f"photo{number}")
    matter = f"Rác thải sinh hoạt đổ tràn ra đường trước cổng chợ, bốc mùi hôi thối, mota{number}x"
    return (
        {"text": "", "started": True},
        {"text": "Rác thải"},
        {"text": matter},
        {"text": f"Nguyễn Thị Bình Ten{number}"},
        {"text": f"0900{number}"},
        {"place": Place(lat=21.1 + run / 1e6, lon=105.1 + run / 1e6)},
        {"media": (photo,)},
        {"text": "Xác nhận"},
    )


def timed(profile: Profile, messages: Sequence[dict[str, Any]], user: str) -> Iterator[tuple[float, float]]:
    """(seconds in `step`, seconds in `encode` and `decode`) for each message of one new conversation."""
    state = dialog.new_state(channel="telegram", profile=profile, now=NOW)
    peer = Peer(channel="telegram", account="bot", user=user)
    for number, message in enumerate(messages):
        event = InboundMessage(peer=peer, external_id=str(number), sent_at=NOW, **message)
        began = time.perf_counter()
        state, _ = dialog.step(state, event, profile, NOW)
        stepped = time.perf_counter()
        state = dialog.decode(dialog.encode(state))
        yield stepped - began, time.perf_counter() - stepped


def filled_in(runs: int) -> None:
    profile = load(FORM)
    times = [list(timed(profile, form(run), str(run))) for run in range(runs + 1)][1:]
    steps = [median(one[at][0] for one in times) for at in range(8)]
    kept = [median(one[at][1] for one in times) for at in range(8)]
    names = ("start", "category", "description", "name", "phone", "pin", "photo", "confirm")
    for name, seconds, codec in zip(names, steps, kept, strict=True):
        print(f"{name:<16}{seconds * 1e3:8.3f} ms   state {codec * 1e6:6.1f} us")
    print(f"{'mean':<16}{mean(steps) * 1e3:8.3f} ms   state {mean(kept) * 1e6:6.1f} us")


def said(name: str, text: str, runs: int) -> None:
    profile = load(FREE)
    times = [next(timed(profile, ({"text": text},), str(run)))[0] for run in range(runs + 1)][1:]
    print(f"{name:<16}{median(times) * 1e3:8.3f} ms")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    filled_in(runs)
    said("D01", D01, runs)
    for name, text in (("accented", LONG), ("toneless", TONELESS)):
        for length in (1_000, 5_000):
            said(f"{name} {length}", (text * 60)[:length], max(runs // 10, 3))


if __name__ == "__main__":
    main()
