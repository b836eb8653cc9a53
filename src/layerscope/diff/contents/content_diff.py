"""ContentDiff: what differs between the bytes of two files, and ContentReader: one kind of file that can be told."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class ContentDiff:
    """The kind of file, what differs in lines as a unified diff has them, and a remark; either may be empty.

    `is_noise` says that only what another build changes anyway differs: the time in a header.
    """

    kind: str
    lines: tuple[str, ...] = ()
    remark: str = ""
    is_noise: bool = False


class ContentReader(ABC):
    """One kind of file. An implementer tells what differs, or None where either file is none of its kind."""

    @abstractmethod
    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """What differs between two contents that are not the same."""
