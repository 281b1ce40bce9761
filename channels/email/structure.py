"""A mail taken apart into its parts, in one pass over the bytes and without recursion.

Only boundary lines of the multiparts that are open at the moment count, so the work grows with the size of the mail
and not with the depth of its nesting. Nothing is decoded here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from channels.email.headers import Block, read_block
from channels.email.limits import BOUNDARY_WINDOW, MAX_DEPTH, MAX_HEADER_BLOCK, MAX_PART_HEADER, MAX_PARTS
from channels.email.params import Parameterised, read_content_type, read_parameterised

_BOUNDARY_LINE: Final = re.compile(rb"^--[^\r\n]{1,400}", re.MULTILINE)
_GUESSED: Final = re.compile(rb"^--(?![ \t\r\n-])([^\r\n]{1,70}?)[ \t]*\r?\n(?=[A-Za-z-]{1,40}:|\r?\n)", re.MULTILINE)
_LEADING_NOISE: Final = re.compile(rb"(?:\xef\xbb\xbf|[ \t]*\r?\n)+")
_MBOX_LINE: Final = re.compile(rb">?From [^\r\n]{0,1000}\r?\n")


@dataclass(slots=True)
class Node:
    """One part. `body` is still in its transfer encoding; of a multipart it is empty, its children count."""

    block: Block
    type: Parameterised
    disposition: Parameterised
    number: int
    """Its place among all parts of the mail: 0 is the mail itself."""
    body_from: int
    body_to: int
    children: list["Node"] = field(default_factory=list)
    split: bool = False
    """Whether its boundary was found and its children are what counts."""

    @property
    def mime(self) -> str:
        return self.type.value


@dataclass(slots=True)
class Tree:
    raw: bytes
    root: Node
    problems: list[str] = field(default_factory=list)

    def body(self, node: Node) -> bytes:
        return self.raw[node.body_from : node.body_to]


@dataclass(slots=True)
class _Open:
    node: Node
    boundary: bytes


def take_apart(raw: bytes) -> Tree:
    """Never raises. `Tree.raw` differs from `raw` only by what stood before the first header and by its line ends."""
    raw = _from_first_header(raw)
    block = read_block(raw, 0, MAX_HEADER_BLOCK)
    root = _node(block, 0, len(raw), parent="")
    tree = Tree(raw, root)
    if block.cut:
        tree.problems.append("limited:headers")
    if block.broken:
        tree.problems.append("broken:headers")
    _split(tree)
    return tree


def _from_first_header(raw: bytes) -> bytes:
    if b"\n" not in raw[:4096] and b"\r" in raw[:4096]:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if noise := _LEADING_NOISE.match(raw):
        raw = raw[noise.end() :]
    if mbox := _MBOX_LINE.match(raw):
        raw = raw[mbox.end() :]
    return raw.lstrip(b" \t") if raw[:1] in b" \t" else raw


def _node(block: Block, number: int, end: int, *, parent: str) -> Node:
    kind = read_content_type(block.first("content-type"))
    if not kind.value:
        kind = kind._replace(value="message/rfc822" if parent == "multipart/digest" else "text/plain")
    return Node(block, kind, read_parameterised(block.first("content-disposition")), number, block.end, end)


def _split(tree: Tree) -> None:
    raw = tree.raw
    stack: list[_Open] = []
    leaf: Node | None = tree.root  # the part whose body is being passed
    count = 1
    if (boundary := _boundary(raw, tree.root)) is not None:
        stack.append(_Open(tree.root, boundary))
        leaf = None
    marks = _marks(stack)
    place = tree.root.body_from
    while stack and (line := _BOUNDARY_LINE.search(raw, place)):
        place = line.end()
        found = _opened_by(line[0], marks)
        if found is None:
            continue
        level, is_end = found
        if leaf is not None:
            leaf.body_to = _before_line(raw, leaf.body_from, line.start())
            leaf = None
        for closed in stack[level + 1 :]:
            closed.node.body_to = line.start()
        del stack[level + 1 :]
        parent = stack[level]
        if is_end:
            parent.node.body_to = line.start()
            del stack[level:]
            marks = _marks(stack)
            continue
        if count >= MAX_PARTS:
            tree.problems.append("limited:parts")
            break
        start = _next_line(raw, place)
        marks = _marks(stack)
        stop = frozenset(marks).union(mark + b"--" for mark in marks)
        block = read_block(raw, start, MAX_PART_HEADER, stop=stop)
        child = _node(block, count, len(raw), parent=parent.node.mime)
        count += 1
        parent.node.children.append(child)
        place = block.end
        if (boundary := _boundary(raw, child)) is None:
            leaf = child
        elif len(stack) >= MAX_DEPTH:
            leaf = child
            child.split = False
            tree.problems.append("limited:depth")
        else:
            stack.append(_Open(child, boundary))
            marks = _marks(stack)
    # A multipart that never ends is usual: mails are cut on the way.


def _opened_by(line: bytes, marks: Mapping[bytes, int]) -> tuple[int, bool] | None:
    """Which open multipart a line belongs to, and whether it ends it."""
    mark = line.rstrip()
    if (level := marks.get(mark)) is not None:
        return level, False
    if mark.endswith(b"--") and (level := marks.get(mark[:-2])) is not None:
        return level, True
    return None


def _marks(stack: list[_Open]) -> dict[bytes, int]:
    """Boundary lines to levels; of equal boundaries the innermost counts."""
    return {b"--" + level.boundary: number for number, level in enumerate(stack)}


def _boundary(raw: bytes, node: Node) -> bytes | None:
    """The boundary of a multipart that is really there; guessed when the declared one is missing or never used."""
    if not node.mime.startswith("multipart/"):
        return None
    declared = node.type.get("boundary").encode("utf-8", "surrogateescape").rstrip()
    end = min(len(raw), node.body_from + BOUNDARY_WINDOW)
    if declared and raw.find(b"--" + declared, node.body_from, end) >= 0:
        node.split = True
        return declared
    guessed = _GUESSED.search(raw, node.body_from, end)
    if guessed is None:
        return None
    node.split = True
    return guessed[1]


def _before_line(raw: bytes, start: int, end: int) -> int:
    """The line end before a boundary belongs to the boundary."""
    if end > start and raw[end - 1] == 0x0A:
        end -= 1
        if end > start and raw[end - 1] == 0x0D:
            end -= 1
    return max(start, end)


def _next_line(raw: bytes, place: int) -> int:
    end = raw.find(b"\n", place)
    return len(raw) if end < 0 else end + 1
