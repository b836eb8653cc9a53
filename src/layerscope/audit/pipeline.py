"""The pipeline: source, layers, merged tree, facts, findings."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import read_image
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.source import Source

if TYPE_CHECKING:
    from layerscope.audit.result import AuditResult

SILENT = SilentProgress()


def audit_image(
    source: Source,
    *,
    options: AuditOptions,
    progress: Progress = SILENT,
    meanwhile: Callable[[], object] = lambda: None,
) -> "AuditResult":
    """Everything that can be known about an image without running it; raises SourceError and ImageError.

    What judges is imported while workers read, and so is what `meanwhile` imports for its caller.
    """

    def prepare() -> None:
        import layerscope.audit.judge  # noqa: F401 -- needed soon

        meanwhile()

    read = read_image(source, options=options, progress=progress, meanwhile=prepare)
    from layerscope.audit.base_image import find_base
    from layerscope.audit.judge import judge_image

    base = find_base(read.image, options=options, progress=progress)
    return judge_image(read, base=base, options=options, progress=progress)
