"""ContentDiff: what differs between the bytes of two files, and ContentReader: one kind of file that can be told."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from layerscope.diff.contents.work import Work


@dataclass(frozen=True)
class ContentDiff:
    """The kind of file, what differs in lines as a unified diff has them, and a remark; either may be empty.

    `is_noise` says that only what another build changes anyway differs: the time in a header. All else was compared.
    """

    kind: str
    lines: tuple[str, ...] = ()
    remark: str = ""
    is_noise: bool = False


class ContentReader(ABC):
    """One kind of file. An implementer tells what differs, or None where either file is none of its kind.

    What takes more time than reading the two through is taken from `work` first, which raises WorkSpentError.
    """

    @abstractmethod
    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """What differs between two contents that are not the same."""
