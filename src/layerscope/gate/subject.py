"""Subject: an audited image as the limits see it, with the image that it is compared with."""

from dataclasses import dataclass
from functools import cached_property

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.result import AuditResult
from layerscope.diff.risk import Risk
from layerscope.image.platform import Platform
from layerscope.rules.finding import Finding


@dataclass(frozen=True)
class Subject:
    """An image by the name that the policy gives it; `reference` is what `against` names, where there is one."""

    name: str
    result: AuditResult
    reference: AuditResult | None = None
    reference_name: str = ""
    excused: tuple[Finding, ...] = ()
    """Findings that are suppressed, ignored or accepted, which are no change that is forbidden."""

    @property
    def size(self) -> int:
        """The bytes of its layers, uncompressed, as `docker images` shows them and whatever it was read from."""
        return measure_size(self.result)

    @property
    def platform(self) -> Platform:
        """The platform that it is made for."""
        return self.result.image.config.platform.normal

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """All those of the index that lists it, where that lists several."""
        listed = self.result.image.platforms
        return listed if len(listed) > 1 else ()

    @cached_property
    def difference(self) -> ImageDiff | None:
        """In what it differs from the reference."""
        return None if self.reference is None else ImageDiff(self.reference, self.result)

    @property
    def risks(self) -> tuple[Risk, ...]:
        """What `diff` warns of first, but for findings that are excused."""
        found = self.difference.risks if self.difference is not None else ()
        return tuple(risk for risk in found if risk.finding is None or risk.finding not in self.excused)


def measure_size(result: AuditResult) -> int:
    """The bytes of an image's layers, uncompressed."""
    return sum(layer.scan.index.uncompressed_size for layer in result.layers if layer.scan is not None)
