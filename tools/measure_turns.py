"""Prints how many messages a citizen needs until the report is on its way, over recorded conversations.

Usage: python tools/measure_turns.py FILE|FOLDER…   (goal: median ≤ 6, nine tenths ≤ 9)

The pure dialog is played as a chat; counted are the citizen's messages up to and including the one that submits. Only
records that end in a submission count, each on the profile it was written for.
"""

import math
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.rehearsal.record import Record, load  # noqa: E402 - the packages lie beside this folder
from app.rehearsal.stage import LETTERS, play  # noqa: E402
from regulations import loader  # noqa: E402

GOAL_MEDIAN, GOAL_P90 = 6, 9


def messages(record: Record) -> int | None:
    """How many messages the citizen sent until the first report left; None when none did."""
    return play(record, loader.load(record.profile), record.channel).submitted_after


def main(paths: list[str]) -> int:
    records = [record for path in paths for record in load(Path(path)) if record.channel not in LETTERS]
    counts = sorted(count for record in records if (count := messages(record)) is not None)
    if not counts:
        print("no record ends in a submission")
        return 1
    median, p90 = statistics.median(counts), counts[math.ceil(0.9 * len(counts)) - 1]
    print(f"{len(counts)} of {len(records)} records end in a submission")
    print(f"messages until then: median {median:g} (goal ≤ {GOAL_MEDIAN}), p90 {p90} (goal ≤ {GOAL_P90})")
    print("all: " + " ".join(map(str, counts)))
    return int(median > GOAL_MEDIAN or p90 > GOAL_P90)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
