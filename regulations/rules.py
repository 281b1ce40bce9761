from collections.abc import Iterator

from regulations.decode import Problem
from regulations.model import Profile


def problems_of(profile: Profile, stem: str) -> Iterator[Problem]:
    """Every rule of the profile that does not hold."""
    if profile.id != stem:
        yield Problem(("id",), f"id «{profile.id}» phải trùng với tên tệp «{stem}.toml»")
