"""Trains dialog/reading/data/topics.tsv.gz from dialog/reading/examples and the shared word lists of the profiles.

Usage: python tools/make_topics.py      (some minutes; the same input gives the same bytes)

A support vector machine per subject against all others (squared hinge loss, dual coordinate descent: Hsieh et al.
2008), over the features of dialog/reading/topics.py. Every example is learned as it is and twice more with a place, a
greeting or a request around it, once without accents, so that these words come to mean nothing. What chances are worth
is measured on parts of the examples that were held back.
"""

import gzip
import hashlib
import sys
import tomllib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import exp, log, sqrt
from pathlib import Path
from random import Random

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dialog.reading.compiled import compiled  # noqa: E402  the repository is put on the path first
from dialog.reading.lexicon import MATCHING  # noqa: E402
from dialog.reading.model import Scored  # noqa: E402
from dialog.reading.text import flat, nfc, tokenize  # noqa: E402
from dialog.reading.topics import OTHER, Settings, Table, Topics, calibrated, features  # noqa: E402
from regulations.loader import load  # noqa: E402
from regulations.model import Profile  # noqa: E402

EXAMPLES = ROOT / "dialog" / "reading" / "examples"
SHARED = ROOT / "regulations" / "profiles" / "_base.toml"
MODEL = ROOT / "dialog" / "reading" / "data" / "topics.tsv.gz"
PROFILES = ("bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang")

COST = 1.0
PASSES = 11
FULL_EVERY = 5
STEP = 1 / 24
LARGEST = 62
"""Stored weights are whole steps of 1/24 within ±62."""
FOLDS = 4
ACCEPT_PRECISION = 0.955
"""Wanted among the held-back examples that are taken without asking."""
CONFIRM_CHANCE = 0.6
LEAST_SAID, LEAST_WORDS = 0.6, 0.6
"""What a profile writes always counts, though the shared phrases are known to the model as well."""

BEFORE = (
    "", "ad ơi ", "alo ad cho em báo ", "Kính gửi UBND phường, ", "chào anh chị, em muốn phản ánh ", "cho tôi hỏi ",
    "dạ em xin báo: ", "mấy bữa nay ", "", "tôi là Nguyễn Văn Hùng, ", "Tôi xin phản ánh: ", "bà con thôn tôi báo ",
    "ad cho hỏi sao ", "đề nghị cơ quan chức năng kiểm tra ",
)  # fmt: skip
BEHIND = (
    "", " ở đường Lý Thường Kiệt phường 5", " trước nhà số 45 đường Nguyễn Trãi", " tại thôn Đông, xã Yên Phong",
    " ở ấp 4 xã Tân Mỹ Chánh", " đoạn gần chợ", " ngõ 12 phố Hàng Bông", ", nhờ bên mình xử lý giúp ạ",
    " mấy hôm nay rồi", ", mong cơ quan sớm giải quyết", ", sđt 0909 123 456", " hẻm 15 khu phố 3",
    " từ hôm qua tới giờ", " gần trường tiểu học", " sát quốc lộ 1", ", gia đình tôi rất bức xúc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    subject: str
    text: str


def examples() -> list[Example]:
    """Every line of examples/, file by file; the file's name is the subject."""
    return [
        Example(path.stem, nfc(line.strip()))
        for path in sorted(EXAMPLES.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def phrases(subjects: Sequence[str]) -> list[Example]:
    """The shared word lists as examples of their subjects."""
    rows = tomllib.loads(SHARED.read_text(encoding="utf-8"))["words"]
    return [
        Example(row["id"], nfc(phrase.replace("&", " ")))
        for row in rows
        if row["id"] in subjects
        for phrase in row.get("kw", [])
    ]


def digest(told: Sequence[Example]) -> str:
    """Of what the model is trained from: equal digests, equal models."""
    lines = "\n".join(f"{one.subject}\t{one.text}" for one in told)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def surrounded(text: str, turn: int) -> str:
    """The text between a greeting and a place, chosen by its checksum."""
    pick = zlib.crc32(f"{text}{turn}".encode())
    return f"{BEFORE[pick % len(BEFORE)]}{text[:1].lower()}{text[1:]}{BEHIND[(pick >> 8) % len(BEHIND)]}"


def spread(told: Sequence[Example]) -> list[Example]:
    """Each example as it is, surrounded, and surrounded without accents."""
    return [
        Example(one.subject, text)
        for one in told
        for text in (one.text, surrounded(one.text, 0), flat(surrounded(one.text, 1)))
    ]


# --- training -------------------------------------------------------------------------------------------------------


class Corpus:
    """Documents as vectors: binary features weighed by their rarity, of length one."""

    def __init__(self, told: Sequence[Example]) -> None:
        cut = [sorted(set(features(tokenize(one.text)))) for one in told]
        spread_over = Counter(feature for document in cut for feature in document)
        self.names = sorted(spread_over)
        self.rarity = [log((len(told) + 1) / (spread_over[name] + 1)) + 1 for name in self.names]
        index = {name: at for at, name in enumerate(self.names)}
        self.documents = [self._vector([index[feature] for feature in document]) for document in cut]
        self.subjects = [one.subject for one in told]

    def _vector(self, inside: Sequence[int]) -> tuple[tuple[int, ...], tuple[float, ...]]:
        length = sqrt(sum(self.rarity[at] ** 2 for at in inside)) or 1.0
        return tuple(inside), tuple(self.rarity[at] / length for at in inside)


def machine(corpus: Corpus, subject: str) -> list[float]:
    """The weights that part the subject's documents from all others; the last one is the constant."""
    weights = [0.0] * (len(corpus.names) + 1)
    documents = [((*inside, len(corpus.names)), (*values, 1.0)) for inside, values in corpus.documents]
    signs = [1.0 if one == subject else -1.0 for one in corpus.subjects]
    squares = [sum(value * value for value in values) + 0.5 / COST for _, values in documents]
    alphas = [0.0] * len(documents)
    random = Random(zlib.crc32(subject.encode()))  # noqa: S311  an order, no secret
    whole = list(range(len(documents)))
    active = whole
    for turn in range(PASSES):
        # Most documents are far on the right side and stay there: they are looked at again now and then.
        order = list(whole) if turn % FULL_EVERY == 0 else active
        random.shuffle(order)
        active = []
        for at in order:
            inside, values = documents[at]
            sign, alpha = signs[at], alphas[at]
            score = 0.0
            for feature, value in zip(inside, values):  # noqa: B905  the innermost loop of the training
                score += weights[feature] * value
            slope = sign * score - 1.0 + alpha * 0.5 / COST
            changed = alpha - slope / squares[at]
            if changed <= 0.0:
                changed = 0.0
                if alpha == 0.0:
                    continue
            active.append(at)
            if changed != alpha:
                alphas[at] = changed
                move = (changed - alpha) * sign
                for feature, value in zip(inside, values):  # noqa: B905
                    weights[feature] += move * value
    return weights


_SHARED: list[Corpus] = []


def _take(told: Sequence[Example]) -> None:
    _SHARED[:] = [Corpus(told)]


def _machine(subject: str) -> list[float]:
    return machine(_SHARED[0], subject)


def train(told: Sequence[Example], subjects: Sequence[str]) -> tuple[Corpus, list[list[float]]]:
    """The corpus and each subject's weights."""
    documents = spread(told) + phrases(subjects)
    with ProcessPoolExecutor(initializer=_take, initargs=(documents,)) as pool:
        weights = list(pool.map(_machine, subjects))
    return Corpus(documents), weights


def steps(weight: float) -> int:
    return max(-LARGEST, min(LARGEST, round(weight / STEP)))


def packed(corpus: Corpus, weights: Sequence[Sequence[float]], settings: Settings) -> bytes:
    """The model as a file; features whose weights all round to nothing are left out."""
    settings = msgspec.structs.replace(settings, bias=tuple(round(row[-1], 4) for row in weights), step=STEP)
    lines = [msgspec.json.encode(settings).decode()]
    for at, name in enumerate(corpus.names):
        inside = [(one, steps(row[at])) for one, row in enumerate(weights)]
        told = "".join(chr(0x30 + one) + chr(0x140 + step) for one, step in inside if step)
        if told:
            lines.append(f"{name}\t{corpus.rarity[at]:.2f}\t{told}")
    return gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0)


# --- what chances are worth -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """One held-back example as one profile sees it."""

    profile: str
    masses: tuple[float, ...]
    said: tuple[Scored, ...]
    right: str

    @property
    def table(self) -> Table:
        return _table(self.profile)


@cache
def _profile(name: str) -> Profile:
    return load(name)


@cache
def _table(profile: str) -> Table:
    return Table(_profile(profile).categories, OTHER)


def right_row(profile: str, subject: str) -> str:
    """The category of the profile that the subject belongs to."""
    rows = _profile(profile).categories
    return next((row_id for row_id, row in rows.items() if subject in row.subjects), OTHER)


def said(profile: str, text: str) -> tuple[Scored, ...]:
    found = compiled(_profile(profile)).matcher.find(tokenize(text), MATCHING)
    return found.scores("categories", _profile(profile).categories)


def held_back(told: Sequence[Example], subjects: Sequence[str]) -> Iterator[tuple[Example, str, list[float]]]:
    """Every example with and without accents, scored by a model that has not seen it."""
    order = list(range(len(told)))
    Random(1).shuffle(order)  # noqa: S311  an order, no secret
    for fold in range(FOLDS):
        outside = set(order[fold::FOLDS])
        corpus, weights = train([one for at, one in enumerate(told) if at not in outside], subjects)
        model = Topics(packed(corpus, weights, Settings(subjects=tuple(subjects))))
        for at in sorted(outside):
            for text in (told[at].text, flat(told[at].text)):
                scores = model.scores(tokenize(text))
                if scores is not None:
                    yield told[at], text, scores


def sharpness(scored: Sequence[tuple[int, Sequence[float]]]) -> float:
    """The factor that makes the right subjects likeliest."""

    def surprise(factor: float) -> float:
        total = 0.0
        for right, scores in scored:
            most = max(scores)
            total += log(sum(exp(factor * (score - most)) for score in scores)) - factor * (scores[right] - most)
        return total

    return min((value / 4 for value in range(4, 41)), key=surprise)


def blend(cases: Sequence[Case], settings: Settings) -> Settings:
    """Weighs model and words so that the right rows become likeliest: a walk on a grid that is made finer."""

    @cache
    def surprise(parts: tuple[float, float, float]) -> float:
        tried = with_parts(settings, parts)
        return -sum(log(dict(case.table.weigh(case.masses, case.said, tried))[case.right] + 1e-6) for case in cases)

    chosen = (1.0, 1.0, 0.8)
    for width in (0.8, 0.4, 0.2, 0.1):
        while True:
            best = min([chosen, *around(chosen, width)], key=surprise)
            if best == chosen:
                break
            chosen = best
    return with_parts(settings, chosen)


def around(chosen: tuple[float, float, float], width: float) -> list[tuple[float, float, float]]:
    """The neighbours of a point, one step away along each axis; nothing is below zero."""
    model, said, words = chosen
    return [
        point
        for way in (width, -width)
        for point in (
            (round(max(0.1, model + way), 3), said, words),
            (model, round(max(LEAST_SAID, said + way), 3), words),
            (model, said, round(max(LEAST_WORDS, words + way), 3)),
        )
    ]


def with_parts(settings: Settings, parts: tuple[float, float, float]) -> Settings:
    return msgspec.structs.replace(settings, model=parts[0], said=parts[1], words=parts[2])


def worth(ranked: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(computed chance, share that was right), rising (pool adjacent violators), thinned to some twenty points."""
    rows = sorted(ranked)
    size = max(1, len(rows) // 60)
    blocks: list[list[float]] = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        blocks.append([sum(chance for chance, _ in part), float(sum(right for _, right in part)), float(len(part))])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [left + right for left, right in zip(blocks[-1], last, strict=True)]
    points = [(round(total / count, 4), round(right / count, 4)) for total, right, count in blocks]
    return [*points, (1.0, points[-1][1])]


def acceptance(ranked: Sequence[tuple[float, bool]], chances: Sequence[tuple[float, float]]) -> float:
    """The lowest calibrated chance from which on enough of the held-back examples are right."""
    rows = sorted(((calibrated(chance, chances), right) for chance, right in ranked), reverse=True)
    right, found = 0, 1.0
    for count, (chance, is_right) in enumerate(rows, 1):
        right += is_right
        if count >= 50 and right / count >= ACCEPT_PRECISION:
            found = chance
    return round(found, 4)


def settle(told: Sequence[Example], subjects: Sequence[str]) -> tuple[Settings, dict[str, float]]:
    """What the held-back examples teach about chances, and the share of right first rows, profile by profile."""
    tested = list(held_back(told, subjects))
    place = {subject: at for at, subject in enumerate(subjects)}
    factor = sharpness([(place[one.subject], scores) for one, _, scores in tested])
    settings = Settings(digest=digest([*told, *phrases(subjects)]), subjects=tuple(subjects), sharpness=factor)
    cases = [
        Case(
            profile,
            tuple(_table(profile).masses(scores, settings)),
            said(profile, text),
            right_row(profile, one.subject),
        )
        for one, text, scores in tested
        for profile in PROFILES
    ]
    settings = blend(cases[::7], settings)
    ranked, rights = [], defaultdict[str, list[bool]](list)
    for case in cases:
        first, chance = case.table.weigh(case.masses, case.said, settings)[0]
        ranked.append((chance, first == case.right))
        rights[case.profile].append(first == case.right)
    chances = worth(ranked)
    settings = msgspec.structs.replace(
        settings, chances=tuple(chances), accept=acceptance(ranked, chances), confirm=CONFIRM_CHANCE
    )
    return settings, {profile: round(sum(found) / len(found), 3) for profile, found in rights.items()}


def main() -> None:
    told = examples()
    subjects = sorted({one.subject for one in told})
    settings, rights = settle(told, subjects)
    corpus, weights = train(told, subjects)
    MODEL.write_bytes(packed(corpus, weights, settings))
    shown = {name: getattr(settings, name) for name in ("digest", "sharpness", "model", "said", "words", "accept")}
    print(len(told), "examples,", len(subjects), "subjects,", len(corpus.names), "features")
    print(shown, settings.chances)
    print("held back, right first:", rights)
    print(MODEL.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
