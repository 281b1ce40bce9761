"""What is derived from a profile once: its word lists as an index, its commands, its communes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from dialog.reading import answers, numbers, units
from dialog.reading.lexicon import SHORTHAND
from dialog.reading.phrases import Matcher
from dialog.reading.text import flat, words
from dialog.reading.topics import OTHER, Table
from dialog.reading.units import Units
from regulations.model import Profile, Words

_TABLES = ("report_types", "topics", "categories", "emergencies", "levels", "exclusions")


@dataclass(eq=False)
class Compiled:
    """`matcher` covers every table with word lists; commands are matched apart because they need whole messages."""

    profile: Profile
    matcher: Matcher
    commands: answers.Commands
    code: re.Pattern[str]
    rating_labels: answers.Labels
    categories: Table
    types: Table

    @cached_property
    def units(self) -> Units:
        regulation = self.profile.regulation
        return units.load(tuple(regulation.provinces_now), tuple(regulation.provinces_legacy))


_COMPILED: WeakKeyDictionary[Profile, Compiled] = WeakKeyDictionary()


def compiled(profile: Profile) -> Compiled:
    """The same object for the same profile, for as long as the profile lives."""
    found = _COMPILED.get(profile)
    if found is None:
        found = _COMPILED[profile] = _compile(profile)
    return found


def _compile(profile: Profile) -> Compiled:
    matcher = Matcher()
    for table in _TABLES:
        for row_id, row in getattr(profile, table).items():
            matcher.add(table, row_id, row)
    matcher.add("on_behalf", "", profile.on_behalf)
    matcher.close(_right_words(profile))
    return Compiled(
        profile=profile,
        matcher=matcher,
        commands=answers.command_phrases(profile.commands),
        code=numbers.loose_code(profile.code.prefix),
        rating_labels=answers.rating_labels(profile.rating),
        categories=Table(profile.categories, OTHER if OTHER in profile.categories else ""),
        types=Table(profile.report_types, profile.default_report_type.id),
    )


def _right_words(profile: Profile) -> Iterator[str]:
    """Words that are never taken for a typo: all the profile writes, and shorthand."""
    texts = [profile.name, *(template.text for template in profile.templates.values())]
    texts += [row.label for row in profile.categories.values()]
    texts += [field.ask for field in profile.fields.values()]
    for table in (*_TABLES, "commands"):
        for row in getattr(profile, table).values():
            texts += _phrases(row)
    for text in texts:
        for word in words(text):
            yield word
            yield flat(word)
    yield from SHORTHAND


def _phrases(row: Words) -> Iterator[str]:
    for name in ("kw", "kw_bare", "kw_not", "kw_bare_not", "kw_unless", "kw_bare_unless"):
        yield from getattr(row, name)
