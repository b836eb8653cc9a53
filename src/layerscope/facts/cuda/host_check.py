"""HostCheck: whether the NVIDIA runtime of a host starts an image at all, by what the image demands of it."""

import operator
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.cuda.requirement import Condition, Requirement
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import Version

_OPERATORS: Final[dict[str, Callable[[Version, Version], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WIDTH: Final = 2
"""Numbers of a CUDA version or a compute capability."""

_CONSUMER_BRANDS: Final = ("geforce", "titan")


class HostCheck(Struct, frozen=True):
    """A host as its runtime sees it; `cuda` is what its driver serves, None where that is not known."""

    driver: Version
    cuda: str | None
    capability: int
    is_data_center: bool

    def find_refusal(self, facts: FactSet) -> str:
        """Why the runtime does not start the container, as a sentence without a full stop; empty where it does."""
        declaration = facts.find(CudaDeclaration)
        if declaration is None or declaration.is_check_disabled or self.cuda is None:
            return ""
        failed = next((each for each in declaration.requirements if not self.meets(each)), None)
        if failed is None:
            return ""
        verb = "implies" if failed.is_implied else "demands"
        plain = [each for each in failed.alternatives if not _is_special(each)] or list(failed.alternatives)
        told = " or ".join(",".join(f"{one.subject}{one.operator}{one.value}" for one in each) for each in plain[:2])
        return f"{failed.variable} {verb} {told}, and the driver serves CUDA {self.cuda}"

    def meets(self, requirement: Requirement) -> bool:
        """Whether some alternative holds; what is not known of the host counts as held."""
        return not requirement.alternatives or any(all(map(self._holds, each)) for each in requirement.alternatives)

    def _holds(self, condition: Condition) -> bool:
        """Whether one condition does."""
        match condition.subject:
            case "cuda":
                return _compare(numbers(self.cuda or "")[:_WIDTH], condition)
            case "arch":
                return _compare(divmod(self.capability, 10), condition)
            case "driver":
                return len(self.driver) == 1 or _compare(self.driver, condition)
            case "brand":
                is_consumer = condition.value.startswith(_CONSUMER_BRANDS)
                return not (self.is_data_center and is_consumer and condition.operator == "=")
        return True


def _compare(found: Version, condition: Condition) -> bool:
    """Numbers against those of a condition, to the length of the shorter."""
    wanted = numbers(condition.value)
    width = min(len(found), len(wanted)) if condition.operator in {"=", "!="} else max(len(found), len(wanted))
    padding = (0,) * width
    return _OPERATORS[condition.operator]((*found, *padding)[:width], (*wanted, *padding)[:width])


def _is_special(alternative: tuple[Condition, ...]) -> bool:
    """Whether an alternative is for certain models and drivers, of which NVIDIA's images list forty."""
    return any(condition.subject in {"brand", "driver"} for condition in alternative)
