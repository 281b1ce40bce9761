"""What Graph says when it says no: the body's shape and the codes of the error table (facebook: errors)."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.world import Json


class GraphError(Exception):
    """One error body. `status` is the HTTP status."""

    def __init__(
        self, code: int, message: str, *, subcode: int = 0, status: int = 400, transient: bool = False,
        kind: str = "OAuthException",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code, self.subcode, self.status = code, subcode, status
        self._message, self._kind, self._transient = message, kind, transient

    def body(self, trace: str) -> Json:
        error: Json = {"message": self._message, "type": self._kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self._transient:
            error["is_transient"] = True
        return {"error": error | {"fbtrace_id": trace}}


@dataclass(frozen=True, slots=True)
class _Known:
    message: str
    subcode: int = 0
    status: int = 400
    transient: bool = False
    kind: str = "OAuthException"


KNOWN: Mapping[int, _Known] = {
    1: _Known("An unknown error occurred", 99, 500),
    2: _Known("An unexpected error has occurred. Please retry your request later.", 0, 500, transient=True),
    4: _Known("(#4) Application request limit reached", transient=True),
    10: _Known("(#10) This message is sent outside of allowed window.", 2018278),
    17: _Known("(#17) User request limit reached"),
    32: _Known("(#32) Page request limit reached"),
    100: _Known("(#100) Invalid parameter"),
    190: _Known("Error validating access token: Session has expired.", 463),
    200: _Known("(#200) Requires pages_messaging permission to manage the object", 0, 403),
    368: _Known("The action attempted has been deemed abusive or is otherwise disallowed", 0, 403),
    551: _Known("(#551) This person isn't available right now.", 1545041),
    613: _Known("(#613) Calls to this api have exceeded the rate limit."),
    1200: _Known("Temporary send message failure. Please try again later.", 0, 500, transient=True),
    10900: _Known("(#10900) Activity already replied to"),
    10902: _Known("(#10902) This object can't be replied to"),
    10903: _Known("(#10903) This user can't reply to this activity"),
    80006: _Known("There have been too many messenger calls to this Page account.", 2446079),
}


def known(code: int, subcode: int = 0) -> GraphError:
    """An error of the table; a code that is not in it gets a bare message."""
    row = KNOWN.get(code, _Known(f"(#{code}) Unknown error"))
    return GraphError(
        code, row.message, subcode=subcode or row.subcode, status=row.status, transient=row.transient, kind=row.kind
    )


def bad(what: str, subcode: int = 0) -> GraphError:
    """Code 100: a parameter is wrong."""
    return GraphError(100, f"(#100) {what}", subcode=subcode)


def no_such_person() -> GraphError:
    return bad("No matching user found", 2018001)
