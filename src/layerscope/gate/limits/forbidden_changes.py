"""`forbid`: changes that an image must not bring, compared with its last release."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from layerscope.diff.risk_kinds import RiskKind
from layerscope.errors import SettingsError
from layerscope.gate.limit import Breach, Limit, Measure
from layerscope.gate.setting import Setting, tell_nearest
from layerscope.gate.subject import Subject

_IMPLIED: Final = {RiskKind.GPU_DROPPED: {RiskKind.GPU_LOST}, RiskKind.USER_CHANGED: {RiskKind.ROOT_USER}}
"""What is told by a graver name than that of the change that it is, too."""


@dataclass(frozen=True)
class ForbiddenChanges(Limit):
    """Kinds of risks, by the names that `diff` gives them."""

    key: ClassVar[str] = "forbid"
    metavar: ClassVar[str] = "CHANGE"
    explanation: ClassVar[str] = "A change that must not come, compared with --against: driver-raised, gpu-dropped …"
    is_list: ClassVar[bool] = True
    needs_reference: ClassVar[bool] = True

    kinds: frozenset[RiskKind]

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError, with the nearest name."""
        names = tuple(kind.value for kind in RiskKind)
        wanted = setting.read_texts(f"a list of {', '.join(names)}")
        for name in wanted:
            if name not in names:
                raise SettingsError(f"{setting.where}: no change is called {name!r}; {tell_nearest(name, names)}")
        kinds = frozenset(map(RiskKind, wanted))
        return cls(kinds.union(*(_IMPLIED.get(kind, ()) for kind in kinds)))

    @property
    def clauses(self) -> tuple[str, ...]:
        """Every change that is forbidden, in the order of `RiskKind`."""
        return tuple(kind.value for kind in RiskKind if kind in self.kinds)

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield for each change whether it comes."""
        if subject.reference is None:
            return
        came = {kind: [risk.text for risk in subject.risks if risk.kind is kind] for kind in self.kinds}
        for kind in RiskKind:
            if kind in self.kinds:
                found = "; ".join(came[kind]) or "no"
                yield Measure(kind.value, found, "no", not came[kind], f"against {subject.reference_name}")

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield every such change, in the order in which `diff` tells them."""
        for risk in subject.risks:
            if risk.kind in self.kinds:
                message = f"{risk.text}, compared with {subject.reference_name}"
                yield Breach(risk.kind.value, message, risk.detail, finding=risk.finding)
