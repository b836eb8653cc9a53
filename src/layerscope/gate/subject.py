"""Subject: an audited image as the limits see it, with the image that it is compared with."""

from dataclasses import dataclass
from functools import cached_property

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.result import AuditResult


@dataclass(frozen=True)
class Subject:
    """An image by the name that the policy gives it; `reference` is what `against` names, where there is one."""

    name: str
    result: AuditResult
    reference: AuditResult | None = None
    reference_name: str = ""

    @property
    def size(self) -> int:
        """The bytes of its layers, uncompressed, as `docker images` shows them and whatever it was read from."""
        return measure_size(self.result)

    @cached_property
    def difference(self) -> ImageDiff | None:
        """In what it differs from the reference."""
        return None if self.reference is None else ImageDiff(self.reference, self.result)


def measure_size(result: AuditResult) -> int:
    """The bytes of an image's layers, uncompressed."""
    return sum(layer.scan.index.uncompressed_size for layer in result.layers if layer.scan is not None)
