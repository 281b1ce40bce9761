"""Hundreds of mails made by combination, each read back as it was meant."""

import pytest

from channels.email.mime import part, read_mail
from tests.email.corpus import ADDR, Sample, combinations, seventeen, structures


def read_wrongly(sample: Sample) -> list[str]:
    """What of the mail was not read as it was meant."""
    mail = read_mail(sample.raw)
    checks = {
        f"subject {mail.subject!r}": mail.subject == sample.subject,
        f"sender {mail.sender!r}": (mail.sender.addr, mail.sender.name) == (ADDR, sample.sender_name),
        f"text {mail.text!r}": not sample.text or mail.text.rstrip() == sample.text.rstrip(),
        f"html {mail.html!r}": sample.html in mail.html,
        f"parts {mail.parts!r}": tuple((one.name, one.kind.value) for one in mail.parts) == sample.files,
        f"part() differs: {mail.parts!r}": all(part(sample.raw, one.index) == one for one in mail.parts),
    }
    return [what for what, right in checks.items() if not right]


@pytest.mark.parametrize("sample", list(seventeen()), ids=lambda sample: sample.name)
def test_vietnamese_of_every_age_and_client_is_read(sample: Sample) -> None:
    assert read_wrongly(sample) == []


@pytest.mark.parametrize("sample", list(structures()), ids=lambda sample: sample.name)
def test_the_same_report_from_every_client_is_read(sample: Sample) -> None:
    assert read_wrongly(sample) == []


def test_every_charset_encoding_and_header_is_read_together_with_every_other() -> None:
    wrong = {sample.name: found for sample in combinations() if (found := read_wrongly(sample))}
    assert wrong == {}


def test_there_are_seventeen_vietnamese_cases_and_hundreds_of_combinations() -> None:
    assert len(list(seventeen())) == 17
    assert len(list(combinations())) > 500
