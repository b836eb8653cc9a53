"""What git tells a pre-push hook on standard input: a line for each ref, `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`.

https://git-scm.com/docs/githooks#_pre_push: the local id of a ref that is deleted, and the remote id of one that is
new, are all zeros.
"""

import re
from dataclasses import dataclass
from typing import Final

from layerscope.errors import UsageError

MAX_SIZE: Final = 16 << 20
"""Bytes of all lines: a push of 100,000 refs."""

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class PushedRef:
    """A ref that is pushed; `local_ref` is `(delete)` where it is deleted."""

    local_ref: str
    local_id: str
    remote_ref: str
    remote_id: str

    @property
    def is_deletion(self) -> bool:
        """Whether it goes from the remote, which brings no commit there."""
        return not self.local_id.strip("0")

    @property
    def is_new(self) -> bool:
        """Whether the remote does not have it yet."""
        return not self.remote_id.strip("0")

    @property
    def name(self) -> str:
        """The remote's name for it, without `refs/heads/` and its like."""
        return self.remote_ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def parse_pushed_refs(content: bytes) -> tuple[PushedRef, ...]:
    """The refs of a push, in the order given; raises UsageError for what git does not write."""
    if len(content) > MAX_SIZE:
        raise UsageError(f"reading the refs that are pushed: more than {MAX_SIZE:,} bytes on standard input")
    lines = content.decode(errors="surrogateescape").split("\n")
    return tuple(_parse_line(number, line) for number, line in enumerate(lines, start=1) if line)


def _parse_line(number: int, line: str) -> PushedRef:
    # A local ref is an expression as the person typed it, such as HEAD~3 or :/text of a commit, so it may have spaces.
    words = line.rsplit(" ", 3)
    if len(words) != len(PushedRef.__dataclass_fields__) or not (_ID.fullmatch(words[1]) and _ID.fullmatch(words[3])):
        raise UsageError(
            f"reading the refs that are pushed: line {number} is {line[:80]!r}, "
            "expected LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID, as git tells a pre-push hook"
        )
    return PushedRef(*words)
