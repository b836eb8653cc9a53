"""The records that come out of the payload, checked: whatever runs in an image may print what it likes."""

import json
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import Struct

TAG: Final = "@@LS@@"
PROTOCOL: Final = 1

MAX_LINE: Final = 64 * 1024
"""Bytes of a line; the payload's longest have 48 KiB."""
MAX_RECORDS: Final = 20_000
"""Records of one run: some hundred are usual, and each log may come in sixteen pieces."""


MAX_BYTES: Final = 96 << 20
"""Bytes of records of one run; what a process of the image writes to the payload's pipe counts, too."""

MAX_STRAYS: Final = 50
"""Lines of anything else that are kept."""


class Hello(Struct, frozen=True, tag_field="record", tag="hello"):
    """The payload runs."""

    at: float
    protocol: int
    python: str
    executable: str
    asked: tuple[str, ...] = ()
    """The stages that are to come."""
    about: str = ""
    """What is probed, in the words of whoever asked."""


class Begin(Struct, frozen=True, tag_field="record", tag="begin"):
    """A stage begins."""

    at: float
    stage: str


class End(Struct, frozen=True, tag_field="record", tag="end"):
    """A stage has ended: `kind` is a word for how it failed, `detail` a sentence, `values` what was measured."""

    at: float
    stage: str
    status: str
    seconds: float = 0.0
    kind: str = ""
    detail: str = ""
    values: dict[str, Any] = {}


class Wait(Struct, frozen=True):
    """A thread, and what it waits for in the kernel."""

    process: int
    thread: int
    name: str
    state: str
    waits_for: str


class Overdue(Struct, frozen=True):
    """A stage has passed a deadline: what it waits for, and the last line that was printed."""

    at: float
    stage: str
    seconds: float
    waits: list[Wait] = []
    stacks: str = ""
    last_line: str = ""


class Slow(Overdue, frozen=True, tag_field="record", tag="slow"):
    """A stage has passed its soft deadline."""


class Hang(Overdue, frozen=True, tag_field="record", tag="hang"):
    """A stage has passed its hard deadline, and is ended."""


class Log(Struct, frozen=True, tag_field="record", tag="log"):
    """What a process of the image printed."""

    at: float
    role: str
    stream: str
    text: str


class Omitted(Struct, frozen=True, tag_field="record", tag="omitted"):
    """Bytes of that which were left out."""

    at: float
    role: str
    stream: str
    bytes: int


class Exit(Struct, frozen=True, tag_field="record", tag="exit"):
    """A process of the payload has ended; `stage` is the one that it was in, empty between two."""

    at: float
    role: str
    stage: str
    was_cut: bool
    last_line: str = ""
    stacks: str = ""
    """Of its threads, where it crashed and could still tell."""
    code: int | None = None
    signal: str | None = None


class Bye(Struct, frozen=True, tag_field="record", tag="bye"):
    """The payload has done all it was asked."""

    at: float


Record = Hello | Begin | End | Slow | Hang | Log | Omitted | Exit | Bye


_RECORDS: Final = msgspec.json.Decoder(Record)


class RecordReader:
    """Finds the records of one run among whatever else is printed."""

    def __init__(self, nonce: str) -> None:
        """Look for lines that carry this word, which nothing in the image knew beforehand."""
        self._mark = f"{TAG}{nonce} ".encode()
        self._partial = b""
        self._count = self._size = 0
        self.strays: list[str] = []
        """The first lines that are no records: what stood in the way of the payload."""

    def feed(self, content: bytes) -> list[Record]:
        """The records that are whole now."""
        lines = (self._partial + content).split(b"\n")
        self._partial = lines.pop()[:MAX_LINE]
        found = (self._read(line) for line in lines)
        return [record for record in found if record is not None]

    def _read(self, line: bytes) -> Record | None:
        has_room = self._count < MAX_RECORDS and self._size < MAX_BYTES
        if line.startswith(self._mark) and len(line) <= MAX_LINE and has_room:
            self._count += 1
            self._size += len(line)
            with suppress(msgspec.MsgspecError):
                record: Record = _RECORDS.decode(line[len(self._mark) :])
                return record
        if line.strip() and len(self.strays) < MAX_STRAYS:
            self.strays.append(line[:2000].decode("utf-8", "replace").rstrip())
        return None


def encode_input(source: str, settings: dict[str, object], blobs: list[bytes]) -> bytes:
    """What the payload reads from its standard input: itself, its settings, and what goes with them."""
    program = source.encode()
    told = json.dumps({**settings, "blobs": [len(blob) for blob in blobs]}, sort_keys=True).encode("ascii")
    return b"".join((b"%d\n" % len(program), program, told, b"\n", *blobs))
