"""Refusals, in words for the person who asked. open311: only 400, 403 and 404 are defined."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    description: str


class Rejected(Exception):
    """A request that cannot be served. Answered in the format that was asked for."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(status, problems)
        self.status, self.problems = status, problems


def bad(code: str, description: str) -> Rejected:
    return Rejected(400, Problem(code, description))


def unknown(what: str) -> Rejected:
    return Rejected(404, Problem("404", f"Không tìm thấy {what}."))


def forbidden() -> Rejected:
    return Rejected(403, Problem("403", "Thiếu khóa truy cập (api_key) hoặc khóa không đúng."))
