"""The parts of a JSON report that other commands print too: tool, image, layers, process."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from layerscope import __version__
from layerscope.audit.result import AuditedLayer, BaseImage
from layerscope.formats.secret_text import REDACTED, redact_text, redact_value
from layerscope.image.config import RuntimeConfig
from layerscope.image.image import Image
from layerscope.report.instruction import tell_created_by
from layerscope.report.json_v1 import BaseV1, ImageV1, LayerV1, ProcessV1, ToolV1, VariableV1
from layerscope.report.origin import find_origin


def build_tool() -> ToolV1:
    """This version of layerscope."""
    return ToolV1(name="layerscope", version=__version__)


def build_image(image: Image, layers: Iterable[AuditedLayer], base: BaseImage | None) -> ImageV1:
    """What was read, and its digests."""
    layers = tuple(layers)
    sizes = [layer.size for layer in layers if layer.size is not None]
    created = image.config.created
    return ImageV1(
        reference=image.reference,
        source=image.source,
        index_digest=str(image.index_digest) if image.index_digest else None,
        manifest_digest=str(image.manifest_digest) if image.manifest_digest else None,
        config_digest=str(image.config_digest),
        platform=str(image.config.platform),
        size=sum(sizes) if len(sizes) == len(layers) else None,
        uncompressed_size=sum(layer.scan.index.uncompressed_size for layer in layers if layer.scan),
        created=created.astimezone(UTC) if created else None,
        base=BaseV1(base.reference, base.layers, base.evidence) if base else None,
        notes=list(image.notes),
    )


def build_layer(layer: AuditedLayer) -> LayerV1:
    """One layer; what could not be read is null."""
    is_read = layer.scan is not None and layer.scan.diff_id is not None
    index = layer.scan.index if layer.scan is not None and is_read else None
    return LayerV1(
        index=layer.index,
        digest=str(layer.digest) if layer.digest else None,
        diff_id=str(layer.diff_id),
        chain_id=str(layer.chain_id),
        media_type=layer.media_type,
        size=layer.size,
        uncompressed_size=index.uncompressed_size if index else None,
        entries=len(index) if index is not None else None,
        created_by=tell_created_by(layer.step),
        verified=layer.verified,
        origin=find_origin([layer]),
    )


def build_process(runtime: RuntimeConfig) -> ProcessV1:
    """How the process starts, without credentials."""
    health = runtime.healthcheck
    return ProcessV1(
        user=runtime.user,
        working_dir=runtime.working_dir,
        entrypoint=redact_words(runtime.entrypoint),
        command=redact_words(runtime.cmd),
        environment=[_build_variable(entry) for entry in runtime.env],
        exposed_ports=list(runtime.exposed_ports),
        volumes=list(runtime.volumes),
        stop_signal=runtime.stop_signal,
        health_check=redact_words(health.test) if health and health.test else None,
    )


def redact_words(words: Sequence[str]) -> list[str]:
    """The words of a command without credentials; an option's value is looked at together with the option before it."""
    shown: list[str] = []
    for position, word in enumerate(words):
        alone = redact_text(word)
        if position and redact_text(f"{words[position - 1]} {word}") != f"{shown[-1]} {alone}":
            alone = REDACTED
        shown.append(alone)
    return shown


def _build_variable(entry: str) -> VariableV1:
    name, _, value = entry.partition("=")
    return VariableV1(name=name, value=redact_value(name, value))
