"""The pipeline: source, layers, merged tree, facts, findings."""

from layerscope.audit.base_image import find_base, keep_stack
from layerscope.audit.judge import judge_image
from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import read_image
from layerscope.audit.result import AuditResult
from layerscope.audit.tables import compare_tables
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.source import Source

SILENT = SilentProgress()


def audit_image(source: Source, *, options: AuditOptions, progress: Progress = SILENT) -> AuditResult:
    """Everything that can be known about an image without running it; raises SourceError and ImageError."""
    read = compare_tables(read_image(source, options=options, progress=progress), options=options, progress=progress)
    base = find_base(read.image, options=options, progress=progress)
    result = judge_image(read, base=base, options=options, progress=progress)
    if read.image.container is None and all(layer.verified for layer in result.layers):
        keep_stack(read.image, options.cache)
    return result
