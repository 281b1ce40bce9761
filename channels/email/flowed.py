"""format=flowed (RFC 3676): lines that a client broke for the width of its window become paragraphs again."""

from typing import Final

_SIGNATURE: Final = "-- "


def unflow(text: str, *, delsp: bool = False) -> str:
    """Join soft-broken lines of one quote depth; `delsp` when the space at their end is not part of the text.

    `text` has LF line ends; so has the result.
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth_before = 0
    for line in text.split("\n"):
        body = line.lstrip(">")
        depth = len(line) - len(body)
        body = body.removeprefix(" ")
        if paragraph and (depth != depth_before or body == _SIGNATURE):
            out.append(_quoted(depth_before, paragraph))
            paragraph = []
        depth_before = depth
        soft = body.endswith(" ") and body != _SIGNATURE
        paragraph.append(body[:-1] if soft and delsp else body)
        if not soft:
            out.append(_quoted(depth, paragraph))
            paragraph = []
    if paragraph:
        out.append(_quoted(depth_before, paragraph))
    return "\n".join(out)


def _quoted(depth: int, paragraph: list[str]) -> str:
    return (">" * depth + " " if depth else "") + "".join(paragraph)
