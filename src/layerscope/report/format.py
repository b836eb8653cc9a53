"""Format: one way to tell the result of an audit."""

from abc import ABC, abstractmethod
from typing import ClassVar

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext


class Format(ABC):
    """A rendering of an audit.

    An implementer names itself (`-o NAME`) and its file suffix, and turns a result into text that depends on the result
    and the context alone. Every text of the image passes through `report.escape` or the format's own quoting.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]

    @abstractmethod
    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the whole text, its last line ended."""
