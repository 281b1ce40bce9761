"""Categories from free text: words and examples weighed together, with chances that mean something."""

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from dialog.reading.compiled import compiled
from dialog.reading.model import Scored
from dialog.reading.text import flat, tokenize
from dialog.reading.topics import Table, calibrated, features, likely, topics
from regulations.loader import load
from tests.reading.conftest import Say, profile

ROOT = Path(__file__).resolve().parents[2]


def script(name: str) -> ModuleType:
    """A tool of the repository, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


making, measuring = script("make_topics"), script("measure_topics")
MICRO, MICRO_BARE, RIGHT_WHEN_TAKEN = 0.90, 0.89, 0.96
"""Shares of right categories, without accents, and of those taken without asking: they may not fall below."""
PROFILES = ("bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang")


def test_the_model_was_made_from_exactly_these_examples_and_word_lists() -> None:
    told = making.examples()
    subjects = sorted({one.subject for one in told})
    assert topics().settings.subjects == tuple(subjects)
    assert topics().settings.digest == making.digest([*told, *making.phrases(subjects)]), (
        "run python tools/make_topics.py"
    )


def test_every_subject_of_a_profile_has_examples_and_every_example_a_profile() -> None:
    used = {subject for name in PROFILES for row in load(name).categories.values() for subject in row.subjects}
    learned = set(topics().settings.subjects)
    assert used <= learned
    assert learned - used <= {"khac"}


def test_features_of_text_without_accents_are_those_of_accented_text_less_the_accented_ones() -> None:
    accented = set(features(tokenize("Rác đổ đầy ngõ 12")))
    bare = set(features(tokenize("rac do day ngo 34")))
    assert bare == {feature for feature in accented if not feature.startswith("=")}


def test_a_chance_is_read_off_the_table_between_its_neighbours() -> None:
    table = ((0.4, 0.5), (0.8, 0.9), (1.0, 0.9))
    assert calibrated(0.4, table) == pytest.approx(0.5)
    assert calibrated(0.6, table) == pytest.approx(0.7)
    assert calibrated(0.9, table) == pytest.approx(0.9)
    assert calibrated(1.0, table) == pytest.approx(0.9)


def test_chances_rise_with_what_was_computed() -> None:
    worth = [right for _, right in topics().settings.chances]
    assert worth == sorted(worth)
    assert 0 < topics().settings.confirm < topics().settings.accept < 1


@pytest.mark.parametrize("name", PROFILES)
def test_chances_of_the_best_rows_fall_and_never_exceed_one_together(name: str) -> None:
    found = likely(compiled(profile(name)).categories, tokenize("Tối đi làm về cả đoạn đường tối om"), (), best=3)
    chances = [row.chance for row in found]
    assert len(found) == 3
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) <= 1.001


@pytest.mark.parametrize("text", ["ok", "Nguyễn Văn An", "0909 123 456", "dạ vâng", "số 2", ""])
def test_what_is_no_description_is_never_classified(say: Say, text: str) -> None:
    for waiting in ("name", "phone", "confirm", "location"):
        assert say(text, waiting).category_likely == ()


def test_text_of_unknown_words_only_has_no_category(say: Say) -> None:
    reading = say("qwx zzkw plorf brmx", "description")
    assert (reading.category, reading.category_guess, reading.category_likely) == ("", "", ())


def test_a_row_s_words_outweigh_no_evidence() -> None:
    """The matched words of a profile raise their row's chance."""
    table = compiled(profile("tien-giang")).categories
    text = "nhà em ở đầu xóm bị vậy mấy hôm nay"
    before = {row.id: row.chance for row in likely(table, tokenize(text), (), best=30)}
    after = {row.id: row.chance for row in likely(table, tokenize(text), [Scored(id="rac_thai", score=2)], best=30)}
    assert after["rac_thai"] > before["rac_thai"]


def test_subjects_of_no_row_belong_to_the_row_for_everything_else() -> None:
    rows = load("bac-ninh").categories
    found = likely(Table(rows, "khac"), tokenize("Lương hưu tháng này của ba tôi chưa nhận được"), (), best=1)
    assert found[0].id == "khac"


def test_a_profile_without_learned_rows_is_read_by_its_words_alone() -> None:
    rows = {"mot": next(iter(load("tien-giang").exclusions.values()))}
    assert likely(Table(rows, ""), tokenize("Đèn đường trước nhà hỏng"), (), best=3) == ()


@pytest.mark.parametrize(
    ("text", "to", "category"),
    [
        ("Tối om cả tuyến phố, mấy bóng trên trụ cháy hết rồi", "tien-giang", "chieu_sang"),
        ("toi om ca tuyen pho, may bong tren tru chay het roi", "tien-giang", "chieu_sang"),
        ("Xe lấy không tới gần tuần rồi, túi chất cao ngang người", "tien-giang", "rac_thai"),
        ("Xe lấy không tới gần tuần rồi, túi chất cao ngang người", "bac-ninh", "ve_sinh_moi_truong"),
    ],
)
def test_a_matter_that_is_not_named_is_told_by_what_happens(say: Say, text: str, to: str, category: str) -> None:
    """Each province has its own category for the same subject."""
    reading = say(text, "description", to=to)
    assert category in {reading.category, reading.category_guess}


def test_a_sure_category_decides_the_report_type(say: Say) -> None:
    """R-BN: a report on procedures is no report of a place."""
    reading = say(
        "Hẹn ngày 5 lấy giấy mà tới ngày 25 bộ phận tiếp nhận vẫn bảo hồ sơ chưa ký", "description", to="bac-ninh"
    )
    assert (reading.category, reading.report_type) == ("thu_tuc_hanh_chinh", "tthc")


def test_one_machine_trained_anew_is_the_committed_one() -> None:
    """The file is what the tool makes: the weights of one subject against all others, feature by feature."""
    told = making.examples()
    subjects = sorted({one.subject for one in told})
    at = subjects.index("cay_xanh")
    corpus = making.Corpus(making.spread(told) + making.phrases(subjects))
    weights = making.machine(corpus, "cay_xanh")
    model = topics()
    assert model.settings.bias[at] == round(weights[-1], 4)
    for feature, weight in list(zip(corpus.names, weights, strict=False))[::50]:
        stored = dict((model.weights(feature) or (0.0, ()))[1])
        assert stored.get(at, 0) == making.steps(weight), feature


def test_the_model_loads_in_under_a_second_and_judges_in_under_a_millisecond() -> None:
    """Processor time, so that a busy machine does not fail it."""
    topics.cache_clear()
    start = time.process_time()
    topics()
    assert time.process_time() - start < 1
    table = compiled(profile("tien-giang")).categories
    told = [tokenize(one.text) for one in making.examples()[::20]]
    for tokens in told:
        likely(table, tokens, (), best=3)
    start = time.process_time()
    for tokens in told:
        likely(table, tokens, (), best=3)
    assert (time.process_time() - start) / len(told) < 0.001


def test_categories_of_sentences_no_training_has_seen() -> None:
    """The measure of docs/understanding.md, on every fourth sentence."""
    told = measuring.sentences([ROOT / "tests" / "reading" / "heldout.tsv"])[::4]
    assert not {one.text for one in told} & {one.text for one in making.examples()}
    for typed, least in ((str, MICRO), (flat, MICRO_BARE)):
        found = [measuring.figures(load(name), list(measuring.judged(load(name), told, typed))) for name in PROFILES]
        assert sum(one.micro for one in found) / len(found) >= least
        assert sum(one.accepted_right for one in found) / len(found) >= RIGHT_WHEN_TAKEN
