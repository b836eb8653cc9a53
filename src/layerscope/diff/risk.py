"""Risk: one change that decides whether the new image runs where the old one did, and what risks are told from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from layerscope.diff.change import ValueChange
from layerscope.diff.findings import Graver
from layerscope.diff.gpus import GpuChange
from layerscope.diff.linking import LinkChange
from layerscope.diff.packages import PackageChange
from layerscope.diff.risk_kinds import RiskKind
from layerscope.diff.trees import FileChange
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding


class RiskLevel(IntEnum):
    """How much a change can break, most first."""

    BREAKS = 0
    """Something that ran need not run any more."""
    RISKY = 1
    """It may behave differently, or be less safe."""
    NOTE = 2
    """Good to know."""


@dataclass(frozen=True)
class Risk:
    """One sentence, and what it rests on; by its kind a policy can forbid it."""

    level: RiskLevel
    kind: RiskKind
    text: str
    detail: str = ""
    finding: Finding | None = None
    """The finding that it is, where it is one."""
    count: int = 1
    """How many things it is about, the first of which the detail names."""


@dataclass(frozen=True)
class Grounds:
    """What risks are told from: the differences that count, and the facts of both images."""

    traits: Sequence[ValueChange]
    gpus: Sequence[GpuChange]
    packages: Sequence[PackageChange]
    config: Sequence[ValueChange]
    files: Sequence[FileChange]
    findings: Sequence[Finding]
    """Those that are new, or graver."""
    before: FactSet
    after: FactSet
    compares_files: bool = True
    graver: Sequence[Graver] = ()
    linking: Sequence[LinkChange] = ()

    def find_trait(self, name: str) -> ValueChange | None:
        """What became of a trait, if it is another one."""
        return next((change for change in self.traits if change.name == name), None)


def tell_change(name: str, before: str | None, after: str | None) -> str:
    """A value that is another one, as a clause."""
    if before is None:
        return f"{name} is new: {after}"
    return f"{name} is gone: it was {before}" if after is None else f"{name} goes from {before} to {after}"
