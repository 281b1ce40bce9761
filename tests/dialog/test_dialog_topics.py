"""What becomes of a category that is certain, only likely, or open."""

from collections.abc import Callable

import pytest

from dialog.needed import OTHER_CATEGORY
from dialog.reading import topics
from dialog.reading.model import Likely
from dialog.state import Form
from dialog.step import waiting_for
from tests.dialog.conftest import Talk

Talks = Callable[..., Talk]
MATTER = "Chỗ đó cứ bị như vậy hoài, bà con ở đầu xóm khổ sở lắm rồi"
REST = ("số 45 đường Lý Thường Kiệt, phường Mỹ Tho", "Trần Văn Hùng", "0909123456", "không có ảnh")


def reads_as(monkeypatch: pytest.MonkeyPatch, *ids: str, chance: float) -> None:
    """Let every description be read with these categories, the first of them with this chance."""
    rows = tuple(Likely(id=one, chance=0.1 if at else chance) for at, one in enumerate(ids))
    monkeypatch.setattr(topics, "likely", lambda *told, **rest: rows)


def form_of(conversation: Talk) -> Form:
    form = conversation.stage.state.form
    assert form
    return form


def filled_in(conversation: Talk) -> str:
    """Answers all questions; what the bot says in the end."""
    answer = conversation.says(MATTER)
    for reply in (*REST, *REST):
        if waiting_for(conversation.stage.state) in {"", "confirm", "category"}:
            break
        answer = conversation.says(reply)
    return answer


def test_a_likely_category_is_proposed_in_the_summary_and_costs_no_turn(
    talk: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads_as(monkeypatch, "cap_nuoc", "dien", chance=0.8)
    conversation = talk()

    answer = filled_in(conversation)

    assert waiting_for(conversation.stage.state) == "confirm"
    assert "Lĩnh vực: Cấp nước, phải không" in answer


def test_a_proposed_category_is_changed_by_saying_so(talk: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    reads_as(monkeypatch, "cap_nuoc", "dien", chance=0.8)
    conversation = talk()
    filled_in(conversation)

    conversation.says("sửa lĩnh vực")
    assert waiting_for(conversation.stage.state) == "category"
    answer = conversation.says("Cây xanh")

    assert form_of(conversation).draft.category == "cay_xanh"
    assert waiting_for(conversation.stage.state) == "confirm"
    assert "phải không ạ" not in answer


def test_a_sure_category_is_not_asked_about(talk: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    reads_as(monkeypatch, "cap_nuoc", chance=0.99)
    conversation = talk()

    answer = filled_in(conversation)

    assert form_of(conversation).draft.category == "cap_nuoc"
    assert "Lĩnh vực: Cấp nước, phải không" not in answer


def test_an_open_category_is_asked_with_the_best_three_and_other(talk: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    reads_as(monkeypatch, "cap_nuoc", "dien", "rac_thai", chance=0.4)
    conversation = talk()

    answer = filled_in(conversation)

    assert waiting_for(conversation.stage.state) == "category"
    assert form_of(conversation).categories == ("cap_nuoc", "dien", "rac_thai", OTHER_CATEGORY)
    assert "Cấp nước, Điện, điện lực, Xử lý rác thải, Lĩnh vực khác" in answer
