"""Errors as the Bot API words them (telegram: limits and errors)."""

from simulator.world import Json


class TelegramError(Exception):
    """`description` is what follows the status' own word, as in "Bad Request: chat not found"."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    def body(self) -> Json:
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(what: str) -> TelegramError:
    return TelegramError(400, f"Bad Request: {what}")


def too_many(seconds: int) -> TelegramError:
    return TelegramError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
