"""How two images fare on the same GPUs, and from which driver on."""

from collections.abc import Iterator
from dataclasses import dataclass

from layerscope.facts.cuda.gpu_verdict import GpuVerdict, Verdict
from layerscope.facts.fact_set import FactSet

_ORDER = tuple(Verdict)


@dataclass(frozen=True)
class GpuChange:
    """A GPU whose verdict or oldest driver is another one; None where an image was not judged for it."""

    before: GpuVerdict | None
    after: GpuVerdict | None

    @property
    def name(self) -> str:
        """The GPU."""
        judged = self.after or self.before
        assert judged is not None, "a change has a verdict on one side at least"
        return judged.name

    @property
    def is_worse(self) -> bool:
        """Whether the image after does less on it; not having been judged says nothing."""
        if self.before is None or self.after is None:
            return False
        return _ORDER.index(self.after.verdict) > _ORDER.index(self.before.verdict)


def iter_gpu_changes(before: FactSet, after: FactSet) -> Iterator[GpuChange]:
    """The GPUs on which something is another, in the order of the table."""
    one = {(each.name, each.node): each for each in before.of(GpuVerdict)}
    other = {(each.name, each.node): each for each in after.of(GpuVerdict)}
    for key in dict.fromkeys([*other, *one]):
        old, new = one.get(key), other.get(key)
        if _tell(old) != _tell(new):
            yield GpuChange(old, new)


def _tell(verdict: GpuVerdict | None) -> tuple[object, ...] | None:
    return None if verdict is None else (verdict.verdict, verdict.minimum_driver, verdict.last_branch)
