"""Limit: one thing that a policy may demand of an image; Measure: how it fares; and Breach: that it breaks it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject
from layerscope.rules.finding import Finding


@dataclass(frozen=True)
class Breach:
    """A limit that an image breaks: the key of the limit, what is so, and what to do about it."""

    limit: str
    message: str
    detail: str = ""
    remedy: str = ""
    finding: Finding | None = None
    """The finding that breaks it, where it is one."""
    line: int = 0
    """The line of the image's Dockerfile that it is about; 0 where it is about none."""


@dataclass(frozen=True)
class Measure:
    """How an image fares by a limit: the key as a breach has it, what was found, what may be, and of what."""

    limit: str
    found: str
    allowed: str
    is_kept: bool
    about: str = ""


class Limit(ABC):
    """One demand.

    An implementer names its key in `[check]`, which is its flag as well, reads itself from a setting, and yields how an
    image fares and what breaks it, judging by the subject alone. The next limit is one more file, and one more row in
    `gate.limits`.
    """

    key: ClassVar[str]
    metavar: ClassVar[str]
    explanation: ClassVar[str]
    """What the help says."""
    default: ClassVar[object] = None
    """What holds where nobody says anything; None for no such limit."""
    is_list: ClassVar[bool] = False
    needs_reference: ClassVar[bool] = False
    """Whether it compares with the image that `against` names."""
    needs_gpus: ClassVar[bool] = False
    """Whether it judges for the GPUs, or with the driver, that somebody names."""

    @classmethod
    @abstractmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""

    @property
    def clauses(self) -> tuple[str, ...]:
        """What it demands, one by one: each is the `limit` of what it measures and of what breaks it."""
        return (self.key,)

    @abstractmethod
    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield how the image fares; nothing where nothing was asked."""

    @abstractmethod
    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield what breaks it, in an order that depends on the subject alone."""
