"""From a log that a probe elsewhere has left to its observation, whatever a log collector has put before its lines."""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import ProbeError
from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.observation import NOT_REACHED, STAGES, Observation
from layerscope.probe.protocol import MAX_LINE, TAG, Hello, Record, RecordReader

MAX_LOG: Final = 256 << 20
"""Bytes of a log that are read: a probe's own are a few megabytes, and an image may print among them."""

MAX_PREFIX: Final = 512
"""Bytes before a record in its line: names of services, pods and containers, and times."""

ENGINE_PIECE: Final = 16 << 10
"""Bytes after which Docker cuts a line in two, and puts a time before the second part too, if it is to show times."""

_HELLO: Final = re.compile(re.escape(TAG).encode() + rb'([0-9a-f]{16}) \{(?=[^\n]*"record": "hello")')
_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d) ")
"""What `--timestamps` puts before a line."""


CUT: Final = (
    "the log ends here: the container was ended from outside, for want of memory or of time, or the log is not whole; "
    "`kubectl describe pod` or `docker inspect` say how it ended"
)


class LogReading(Struct, frozen=True):
    """What a log told: `about` is what was probed, in the words of whoever asked."""

    about: str
    observation: Observation


def read_log(stream: BinaryIO, name: str, *, nonce: str = "") -> LogReading:
    """The probe in a log, which may end in its middle; raises ProbeError where there is none, or more than one."""
    task = f"reading {name}"
    content = stream.read(MAX_LOG + 1)
    if len(content) > MAX_LOG:
        raise ProbeError(f"{task}: expected a probe's log of at most {MAX_LOG >> 20} MiB")
    lines = content.splitlines()
    word = nonce or _find_nonce(lines, task)
    records = list(_iter_records(lines, word))
    hello = next((record for record in records if isinstance(record, Hello)), None)
    if hello is None:
        raise ProbeError(f"{task}: expected the records of a probe with the word {word}, found none that begins one")
    asked = [stage for stage in STAGES if stage in hello.asked]
    builder = ObservationBuilder(asked)
    for record in records:
        builder.add(record)
    if not builder.is_over:
        builder.break_off(CUT)
    seen = builder.finish(seconds=round(max(record.at for record in records) - hello.at, 3))
    return LogReading(hello.about, _leave_out_unasked(seen))


def _find_nonce(lines: Iterable[bytes], task: str) -> str:
    """The word of the one probe that begins in the log."""
    found: dict[str, None] = dict.fromkeys(match[1].decode() for match in map(_HELLO.search, lines) if match)
    if not found:
        raise ProbeError(f"{task}: expected the log of a probe (layerscope probe --emit), found no record of one")
    if len(found) > 1:
        raise ProbeError(f"{task}: expected one probe, found {len(found)}: --nonce {'|'.join(found)} picks one")
    return next(iter(found))


def _iter_records(lines: Iterable[bytes], nonce: str) -> Iterator[Record]:
    """The records, each checked as one that comes from a container is."""
    reader, mark = RecordReader(nonce), f"{TAG}{nonce} ".encode()
    for line in lines:
        start = line.find(mark, 0, MAX_PREFIX + len(mark))
        if start < 0:
            continue
        yield from reader.feed(_join_pieces(line[start : start + 2 * MAX_LINE]) + b"\n")


def _join_pieces(line: bytes) -> bytes:
    """The line without the times between its pieces."""
    place = ENGINE_PIECE
    while place < len(line):
        if match := _TIME.match(line, place):
            line = line[:place] + line[match.end() :]
        place += ENGINE_PIECE
    return line


def _leave_out_unasked(seen: Observation) -> Observation:
    """Without stages that a sound payload did not run, since it found out that there is nothing to run them with."""
    if seen.broken is not None:
        return seen
    return replace(seen, stages=tuple(stage for stage in seen.stages if stage.status != NOT_REACHED))
