"""`read`: one message, everything it says. Each part of the reading has its own module; here they are put together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from core.events import InboundMessage
from dialog.reading import about, addresses, answers, describe, matter, names, numbers, place, subject, when
from dialog.reading.compiled import Compiled, compiled
from dialog.reading.lexicon import APOLOGY, HEADS, MATCHING, OBSTACLES, TAILS
from dialog.reading.model import Correction, Detail, PhoneReading, PlaceReading, Reading, Scored, Span
from dialog.reading.phrases import Found, Range
from dialog.reading.text import Token, covered, flat, nfc, token_at, tokenize, word_set
from regulations.code import find_dossiers
from regulations.model import Profile

MAX_CHARS = 12_000
"""Longer texts are read up to here; no channel delivers more in one message but mail."""

_DESCRIBES = frozenset({"", "description", "category", "type"})
_CONFIRMS = frozenset({"confirm", "ward", "location", "address"})
_ASKS_PLACE = frozenset({"location", "ward"})
_ASKS_PHONE = frozenset({"phone", "phone_extra", "behalf_phone"})
_ASKS_NAME = frozenset({"name", "behalf_name"})
_ASKS_ADDRESS = frozenset({"address", "behalf_address"})
_BORN = re.compile(r"(?<!\w)sinh (?:nam|ngay) [0-9/.-]{4,10}(?!\w)")
_POLITE = HEADS | TAILS
_SELF = word_set("em toi minh mk tui e t voi nha nhe a ad di chung")


@dataclass(slots=True)
class _Slots:
    """The personal data of one message and the spans they stand in."""

    phones: list[PhoneReading] = field(default_factory=list)
    email: numbers.Number | None = None
    emails: list[numbers.Number] = field(default_factory=list)
    identities: list[numbers.Number] = field(default_factory=list)
    tax: numbers.Number | None = None
    name: names.Name | None = None
    organization: names.Name | None = None
    codes: list[numbers.Number] = field(default_factory=list)

    @property
    def cccd(self) -> numbers.Number | None:
        return self.identities[0] if self.identities else None

    def number_spans(self) -> list[Span]:
        single = [item.span for item in (*self.emails, *self.identities, self.tax) if item]
        return [*(phone.span for phone in self.phones), *single, *(code.span for code in self.codes)]


def read(message: InboundMessage, *, profile: Profile, now: datetime, waiting_for: str = "") -> Reading:
    """Understand one message.

    `now` is the message's time, timezone-aware. `waiting_for` is the slot the bot asked about last; it only resolves
    what would be ambiguous without it. A contact card or pin of the message fills its slot. Never raises for any text.
    """
    text = nfc(message.text)[:MAX_CHARS]
    rules = compiled(profile)
    return _Reader(text, rules, now.astimezone(ZoneInfo(profile.timezone)), waiting_for).read(message)


class _Reader:
    """The reading of one text. Every method is a pure look at it."""

    def __init__(self, text: str, rules: Compiled, now: datetime, waiting_for: str) -> None:
        self.text = text
        self.flat = flat(text)
        self.tokens = tokenize(text)
        self.said = answers.Said(self.tokens)
        self._cut = {text: self.tokens}
        self.rules = rules
        self.profile = rules.profile
        self.now = now
        self.waiting_for = waiting_for

    def read(self, message: InboundMessage) -> Reading:
        tokens = self.tokens
        found = self.rules.matcher.find(tokens, MATCHING)
        slots = self._slots(message)
        answer = self.whole_answer
        if slots.codes:
            beside_code = self._said_outside([code.span for code in slots.codes])
            answer = answers.read(beside_code, self.rules.commands)
            if not answer.command and "appeal" in self.profile.commands and matter.wants_reason(beside_code):
                answer = answers.Answer("appeal")
        topic = subject.read(self.text, self.flat) if tokens else subject.NOTHING
        if topic.switch or (topic.second and answer.command in {"cancel", "confirm"}):
            answer = answers.NOTHING
        where, address, address_span = self._places(slots, answer)
        if any(number.value in address for number in slots.identities):
            address, address_span = "", None  # an identity number is no address (D04)
        if address and addresses.ANNOUNCED.match(self.flat):
            answer = answers.NOTHING  # "dc nha em: …" is an address, not được
        number = answers.number(self.said.words)
        corrected = subject.correction(
            self.text,
            self.flat,
            tokens,
            slots.phones,
            said_edit=answer.command == "edit",
            confirming=self.waiting_for in _CONFIRMS,
        )
        where = None if number is not None else self._corrected_place(corrected) or where
        inside = [
            r
            for r in (self._range(slots.name.span if slots.name else None), self._range(where.span if where else None))
            if r
        ]
        types, categories = self._scores(found, slots, inside)
        insult_row, insults = matter.insult_ranges(found, self.profile, tokens)
        told = found.ranges("categories", (row.id for row in categories))
        insult_cuts = matter.insult_cuts(tokens, insults, [*told, *inside])
        outside = self._said_outside(slots.number_spans())
        kind = matter.kind(self.text, outside, matter=bool(categories or where))
        rating = answers.rating(
            self.text,
            self.flat,
            self.said,
            self.profile.rating,
            self.rules.rating_labels,
            asked=self.waiting_for == "rating",
        )
        by_words = about.unrivalled(categories)
        report_type, type_sure = self._report_type(types, by_words, organization=slots.organization is not None)
        row = self.profile.report_types[report_type]
        organization = slots.organization is not None or row.senders == ("organization",)
        wish = answers.confidential_wish(self.said, self.rules.commands)
        rest = self.text[answer.rest :].strip() if answer.rest < len(self.text) and answer.rest else ""
        rest_answer = answers.read(answers.Said(tokenize(rest)), self.rules.commands) if rest else answers.NOTHING
        rated = rating is not None and rating.sure
        command = answer.command or ("" if rated else self._status(slots, categories, beside=len(outside.words)))
        cuts = self._cuts(slots, topic, wish, insult_cuts, answer, address_span)
        private = [phone.typed for phone in slots.phones]
        private += [item.value for item in (*slots.emails, *slots.identities, slots.tax) if item]
        told_matter = self._description(cuts, where, answer, command, kind, categories, types, rating is not None)
        description = describe.scrub(told_matter, private)
        due, spoken = self.waiting_for in _DESCRIBES, self._words_of(description)
        matched = about.category(self.rules.categories, spoken, categories, due=due)
        if matched.sure != by_words:
            report_type, type_sure = self._report_type(types, matched.sure, organization=slots.organization is not None)
        open_type = due and not (types or matched.sure or organization)
        certain, likely_types = about.report_type(self.rules.types, spoken) if open_type else ("", ())
        report_type = certain or report_type
        emergencies = tuple(found.rows("emergencies", self.profile.emergencies))
        overridden = self.profile.report_types[report_type].overrides_exclusions if types else ()
        return Reading(
            text=self.text,
            folded=" ".join(self.flat.split()),
            tokens=tuple(token.lower for token in tokens),
            emergency=emergencies[0] if emergencies else "",
            emergencies=emergencies,
            exclusion=matter.exclusion(found, self.profile, tokens, organization=organization, overridden=overridden),
            insult=bool(insults),
            insult_row=insult_row,
            cleaned=self._without_identities(slots, insult_cuts),
            kept=self._without_identities(slots, insult_cuts) or self._without_identities(slots, ()),
            command=command,
            rest=rest,
            rest_command=rest_answer.command,
            yes=answer.yes,
            no=answer.no,
            skip=answer.skip or answer.command == "skip",
            number=number,
            codes=tuple(dict.fromkeys(code.value for code in slots.codes)),
            report_type=report_type,
            type_candidates=types,
            type_sure=type_sure,
            type_likely=likely_types,
            category=matched.sure,
            category_candidates=categories,
            category_sure=bool(matched.sure),
            category_guess=matched.guess,
            category_likely=matched.likely,
            level=self._level(found),
            topics=tuple(found.rows("topics", self.profile.topics)),
            sender="organization" if organization else "person",
            org_name=slots.organization.text if slots.organization else "",
            greeting=kind.greeting,
            chitchat=kind.chitchat,
            thanks=kind.thanks,
            foreign_language=kind.foreign,
            subject_switch=topic.switch,
            second_report=topic.second and number is None,
            same_matter=topic.same,
            correction=corrected,
            name=self._contact_name(message) or (slots.name.text if slots.name else ""),
            phone=numbers.senders(self.flat, slots.phones, asked=self.waiting_for in _ASKS_PHONE),
            phones=tuple(slots.phones),
            email=slots.email.value if slots.email else "",
            cccd=slots.cccd.value if slots.cccd else "",
            tax_code=slots.tax.value if slots.tax else "",
            tax_code_valid=slots.tax is None or numbers.tax_code_is_valid(slots.tax.value),
            place=where,
            address=address,
            address_same=self.waiting_for in _ASKS_ADDRESS and addresses.SAME.search(self.flat) is not None,
            occurred=when.read(self.text, self.flat, self.now) if number is None else None,
            on_behalf=self._on_behalf(found),
            behalf_name=names.of_another(self.text, self.flat, tokens) if self._on_behalf(found) else "",
            confidential=True
            if wish or command == "confidential" or names.hidden(self.flat)
            else self._asked_confidential(answer),
            rating=rating,
            description=description,
            expanded=describe.expand(description, self._words_of(description), where) if description else "",
            has_matter=bool(description),
            details=self._details(slots, where),
        )

    @cached_property
    def whole_answer(self) -> answers.Answer:
        return answers.read(self.said, self.rules.commands)

    # --- slots --------------------------------------------------------------------------------------------------------

    def _slots(self, message: InboundMessage) -> _Slots:
        slots = _Slots()
        mails = numbers.emails(self.text)
        slots.email, slots.emails = (mails[0] if mails else None), mails
        slots.codes = numbers.report_codes(
            self.text, self.flat, self.profile.code.prefix, self.profile.code.regex, self.rules.code
        )
        taken = [mail.span for mail in mails] + [code.span for code in slots.codes]
        if any(map(str.isdigit, self.text)):
            slots.tax = numbers.tax_code(self.flat, taken, asked=self.waiting_for == "tax_code")
            taken += [slots.tax.span] if slots.tax else []
            slots.identities = numbers.identity_numbers(self.flat, taken, asked=self.waiting_for == "cccd")
            taken += [number.span for number in slots.identities]
            slots.phones = numbers.phones(self.text, self.flat, taken, asked=self.waiting_for in _ASKS_PHONE)
        if message.contact and message.contact.own and message.contact.phone:
            slots.phones = (
                numbers.phones(message.contact.phone, flat(message.contact.phone), (), asked=True) + slots.phones
            )
        slots.organization = names.organization(self.text, self.flat, self.tokens)
        slots.name = self._name(slots)
        return slots

    def _name(self, slots: _Slots) -> names.Name | None:
        barred = [describe.labelled(self.flat, span) for span in slots.number_spans()]
        found = names.triggered(self.text, self.flat, self.tokens)
        if found or not self.tokens:
            return found
        if self.waiting_for in _ASKS_NAME:
            if slots.organization and slots.organization.text:
                return slots.organization
            told = self.whole_answer
            answered = bool(told.command or told.yes or told.no)
            return names.asked(self.text, self.tokens, barred, sure=answered)
        beside = names.standalone(self.text, self.tokens, [phone.span for phone in slots.phones], barred)
        if beside or self.waiting_for in _ASKS_PLACE | _ASKS_ADDRESS:
            return beside
        return names.signed(self.text, self.flat, self.tokens, barred)

    def _contact_name(self, message: InboundMessage) -> str:
        return message.contact.name.strip() if message.contact and message.contact.own else ""

    def _places(self, slots: _Slots, answer: answers.Answer) -> tuple[PlaceReading | None, str, Span | None]:
        """(place of the matter, the sender's address as typed, the address's span)."""
        barred = [describe.labelled(self.flat, span) for span in slots.number_spans()]
        barred += [slots.name.span] if slots.name else []
        barred += [(0, answer.rest)] if answer.rest and answer.rest < len(self.text) else []
        whole = answer.rest >= len(self.text.rstrip()) and bool(answer.command or answer.yes or answer.no)
        asked = self.waiting_for in _ASKS_PLACE | _ASKS_ADDRESS and not whole
        where = place.read(self.text, self.tokens, self.rules.units, asked=asked, barred=barred)
        if self.waiting_for in _ASKS_ADDRESS:
            own = self._own_address(barred)
            told = where if where and where.parts and (not slots.identities or _is_address(where)) else None
            return where, own[0].text if own else told.text if told else "", None
        address = self._own_address(barred)
        if not address or asked:
            return where, address[0].text if address else "", address[1] if address else None
        other = place.read(self.text, self.tokens, self.rules.units, asked=False, barred=[*barred, address[1]])
        apart = other is not None and (other.options or " " in other.local)
        return (other if apart else address[0]), address[0].text, address[1] if apart else None

    def _corrected_place(self, corrected: Correction | None) -> PlaceReading | None:
        """The place a correction names: "không phải phường Võ Cường mà là phường Kinh Bắc"."""
        if corrected is None or corrected.slot not in {"location", "address"} or not corrected.value:
            return None
        value = corrected.value
        at = max(self.text.find(value), 0)
        found = place.read(value, tokenize(value), self.rules.units, asked=True, barred=())
        return msgspec.structs.replace(found, span=(found.span[0] + at, found.span[1] + at)) if found else None

    def _own_address(self, barred: Sequence[Span]) -> tuple[PlaceReading, Span] | None:
        return addresses.read(self.text, self.flat, self.said, self.rules.units, barred)

    # --- profile words ------------------------------------------------------------------------------------------------

    def _scores(
        self, found: Found, slots: _Slots, inside: Sequence[Range]
    ) -> tuple[tuple[Scored, ...], tuple[Scored, ...]]:
        """Words inside a name or a place ("bến xe Mỹ Tho") count only when nothing else speaks for a category."""
        categories = found.scores("categories", self.profile.categories, without=inside)
        if inside and not categories:
            categories = found.scores("categories", self.profile.categories)
        return found.scores("report_types", self.profile.report_types), categories

    def _report_type(self, types: Sequence[Scored], category: str, *, organization: bool) -> tuple[str, bool]:
        own = [row.id for row in self.profile.report_types.values() if row.senders == ("organization",)]
        if own and organization and any(f" {word} " in f" {self.flat} " for word in OBSTACLES):
            return own[0], True
        if types:
            return types[0].id, _sure(types)
        default = self.profile.default_report_type.id
        if category:
            allowed = self.profile.categories[category].report_types
            return (allowed[0] if allowed and default not in allowed else default), True
        return default, True

    def _level(self, found: Found) -> str:
        rows = (row_id for row_id, row in self.profile.levels.items() if row.set_by != "staff")
        return found.first("levels", rows)

    def _on_behalf(self, found: Found) -> bool:
        """ "gửi giúp em" asks for help; "gửi giúp bà nội" speaks for another."""
        if names.for_another(self.flat):
            return True
        match = found.row("on_behalf", "")
        return match is not None and any(
            (end < len(self.tokens) and self.tokens[end].bare not in _SELF) or self.tokens[end - 1].bare == "ho"
            for _, end in match.ranges
        )

    def _status(self, slots: _Slots, categories: Sequence[Scored], *, beside: int) -> str:
        """ "status" when a case's state is asked for, with or without its code (D19)."""
        if "status" not in self.profile.commands:
            return ""
        asks = matter.asks_status(self.said, coded=bool(slots.codes), beside=beside)
        coded = asks and (slots.codes or find_dossiers(self.profile, self.text))
        return "status" if asks and (not categories or coded or matter.only_asks(self.said)) else ""

    def _asked_confidential(self, answer: answers.Answer) -> bool | None:
        if self.waiting_for != "confidential" or not (answer.yes or answer.no):
            return None
        return answer.yes

    # --- description --------------------------------------------------------------------------------------------------

    def _cuts(
        self,
        slots: _Slots,
        topic: subject.Subject,
        wish: tuple[int, int] | None,
        insults: Sequence[Span],
        answer: answers.Answer,
        address: Span | None,
    ) -> list[Span]:
        personal = [item.span for item in (*slots.emails, *slots.identities, slots.tax, *slots.codes) if item]
        personal += [phone.span for phone in slots.phones if self.text[slice(*phone.span)] == phone.typed]
        cuts = [describe.labelled(self.flat, span) for span in personal]
        cuts += [slots.name.span] if slots.name else []
        cuts += [match.span() for match in _BORN.finditer(self.flat)] if "sinh n" in self.flat else []
        cuts += [address] if address else []
        cuts += insults
        start = topic.head[1] or describe.head(self.text, self.flat)
        if answer.rest and answer.command in {"confidential", "skip", "confirm", "cancel"}:
            start = max(start, answer.rest + describe.head(self.text[answer.rest :], self.flat[answer.rest :]))
        cuts.append((0, start))
        cuts.append((describe.thanks_tail(self.flat), len(self.text)))
        if wish:
            last = wish[1]
            cuts.append(
                (self.tokens[wish[0]].start, self.tokens[last].start if last < len(self.tokens) else len(self.text))
            )
        return cuts

    def _without_identities(self, slots: _Slots, cuts: Sequence[Span]) -> str:
        """The text without these spans and without anybody's identity number (D04)."""
        identities = [describe.labelled(self.flat, number.span) for number in slots.identities]
        return describe.without(self.text, [*cuts, *identities]) if cuts or identities else self.text

    def _description(
        self,
        cuts: Sequence[Span],
        where: PlaceReading | None,
        answer: answers.Answer,
        command: str,
        kind: matter.Kind,
        categories: Sequence[Scored],
        types: Sequence[Scored],
        rated: bool,
    ) -> str:
        """The matter as typed, or "" when the message only answers a question."""
        whole = bool(answer.command or answer.yes or answer.no) and answer.rest >= len(self.text.rstrip())
        if whole or command in {"cancel", "edit", "appeal", "status"} or kind.thanks or kind.chitchat:
            return ""
        left = describe.without(self.text, cuts)
        polite = all(token.bare in _POLITE for token in self._words_of(left))
        if polite or (rated and not categories):
            return ""
        if categories or types:
            return left
        if self.waiting_for == "description":
            return left
        if self.waiting_for not in _DESCRIBES or any(phrase in flat(left) for phrase in APOLOGY):
            return ""
        spoken = describe.without(self.text, [*cuts, where.span]) if where else left
        own = [token for token in tokenize(spoken) if token.bare not in _POLITE]
        return left if len(own) >= 2 else ""

    def _range(self, span: Span | None) -> Range | None:
        """Token range of a character span."""
        if span is None or span[0] >= span[1]:
            return None
        first, last = token_at(self.tokens, span[0]), token_at(self.tokens, span[1])
        return (first, last) if first < last else None

    def _words_of(self, part: str) -> tuple[Token, ...]:
        if part not in self._cut:
            self._cut[part] = tokenize(part)
        return self._cut[part]

    def _said_outside(self, spans: Sequence[Span]) -> answers.Said:
        """The words that belong to none of the spans (numbers, addresses, codes)."""
        if not spans:
            return self.said
        inside = covered(self.tokens, spans)
        return answers.Said([token for at, token in enumerate(self.tokens) if at not in inside])

    def _details(self, slots: _Slots, where: PlaceReading | None) -> tuple[Detail, ...]:
        spans = [("phone", phone.span) for phone in slots.phones if self.text[slice(*phone.span)] == phone.typed]
        spans += [
            (what, item.span)
            for what, item in (("email", slots.email), ("cccd", slots.cccd), ("tax_code", slots.tax))
            if item
        ]
        spans += [("name", slots.name.span)] if slots.name else []
        spans += [("code", code.span) for code in slots.codes]
        spans += [("place", where.span)] if where and where.span[1] else []
        return tuple(
            Detail(what=what, text=self.text[start:end], span=(start, end))
            for what, (start, end) in sorted(spans, key=lambda s: s[1])
        )


def _is_address(where: PlaceReading) -> bool:
    """Whether it is a place by itself, and not what is left of a sentence around an identity number."""
    return bool(where.options) or any(map(str.isdigit, where.text))


def _sure(scored: Sequence[Scored]) -> bool:
    return len(scored) == 1 or scored[0].score > scored[1].score
