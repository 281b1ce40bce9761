"""Fill a profile's templates. Whatever a citizen reads comes out of here or out of the profile unchanged."""

import re
from collections.abc import Iterable

from regulations.model import Exclusion, Profile
from regulations.names import PLACEHOLDERS

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_GAP = "\0"
_PARENTHESIS = re.compile(rf" ?\(([^()\n]*{_GAP}[^()\n]*)\)")
_SENTENCES = re.compile(r"(?<=[.!?])(?= )")
_CLAUSES = re.compile(r"(, |; | và )")
_SPACES = re.compile(r" {2,}")
_LOOSE_POINTS = re.compile(r"[ :,;]+(?=[.!?:]|$)")


def placeholders(template: str) -> list[str]:
    """The names between braces, in order, misspelt ones too."""
    return _PLACEHOLDER.findall(template)


def fill(template: str, /, **values: object) -> str:
    """The template with its placeholders replaced.

    An empty value (None, "" or not given) takes with it what would make no sense alone: the later clause it stands in,
    else the whole sentence or parenthesis; a line is a sentence too. Only when nothing at all would be left is the
    first sentence kept with a gap. Values are inserted as they are; braces and full stops in them mean nothing. Raises
    `KeyError` for a placeholder, or a value, whose name is not in `names.PLACEHOLDERS`.
    """
    for name in (*placeholders(template), *values):
        if name not in PLACEHOLDERS:
            raise KeyError(f"unknown placeholder {name!r}")
    texts = {name: "" if value is None else str(value) for name, value in values.items()}
    marked = _PLACEHOLDER.sub(lambda match: match[0] if texts.get(match[1]) else _GAP, template)
    if _GAP in marked:
        whole = _PARENTHESIS.sub(_keep_in_parentheses, marked)
        marked = _whole_sentences(whole) or _with_gap(whole)
    return _PLACEHOLDER.sub(lambda match: texts[match[1]], marked).strip()


def _keep_in_parentheses(match: re.Match[str]) -> str:
    inner = _prune(match[1])
    return f" ({inner})" if inner else ""


def _with_gap(text: str) -> str:
    first = _SENTENCES.split(text.strip())[0].replace(_GAP, "")
    return _LOOSE_POINTS.sub("", _SPACES.sub(" ", first))


def _whole_sentences(marked: str) -> str:
    lines = []
    for line in marked.split("\n"):
        kept = "".join(_keep_lead(sentence) for sentence in _SENTENCES.split(line)).strip()
        if kept or not line:
            lines.append(kept)
    return "\n".join(lines).strip()


def _keep_lead(sentence: str) -> str:
    if _GAP not in sentence:
        return sentence
    body = sentence.rstrip(".!?")
    first = _CLAUSES.split(body)[0]
    return "" if _GAP in first else _prune(body) + sentence[len(body) :]


def _prune(text: str) -> str:
    """The clauses without a gap, each but the first behind the joint it had."""
    joint_and_clause = ["", *_CLAUSES.split(text)]
    kept = [pair for pair in zip(joint_and_clause[::2], joint_and_clause[1::2], strict=True) if _GAP not in pair[1]]
    return "".join(joint + clause for joint, clause in kept).removeprefix(kept[0][0] if kept else "")


def hotline_text(profile: Profile, ids: Iterable[str]) -> str:
    """`113 (Công an), 115 (Cấp cứu y tế)`: those of the hotlines that have a number, in the order given.

    What a label says in parentheses is for staff.
    """
    rows = (profile.hotlines[hotline] for hotline in ids)
    return ", ".join(f"{row.number} ({row.label.partition(' (')[0]})" for row in rows if row.number)


def exclusion_text(profile: Profile, row: Exclusion) -> str:
    """The row's reply to the citizen, with its article and, where there is a number, whom to turn to."""
    hotline = hotline_text(profile, [row.redirect_to]) if row.redirect_to else ""
    return fill(row.reply, article=row.article, hotline=hotline)
