"""The parts of a JSON report that other commands print too: tool, image, layers, process."""

from collections.abc import Sequence
from datetime import UTC

from layerscope import __version__
from layerscope.audit.result import AuditedLayer, BaseImage
from layerscope.filesystem.weight import Weight
from layerscope.formats.secret_text import redact_text, redact_value, redact_words
from layerscope.image.config import RuntimeConfig
from layerscope.image.image import Image
from layerscope.layers.scan import Proof
from layerscope.report.instruction import tell_created_by
from layerscope.report.json_v1 import SCHEMA_VERSION, BaseV1, ImageV1, LayerV1, ProcessV1, ToolV1, VariableV1
from layerscope.report.origin import find_origin


def build_tool() -> ToolV1:
    """This version of layerscope."""
    return ToolV1(name="layerscope", version=__version__)


def head_document() -> dict[str, object]:
    """The keys that every document of layerscope begins with."""
    return {"schema_version": SCHEMA_VERSION, "tool": build_tool()}


def build_image(image: Image, layers: Sequence[AuditedLayer] | None, base: BaseImage | None) -> ImageV1:
    """What was read, and its digests; `layers` are None where only the documents were read."""
    sizes = [layer.stored_size for layer in image.layers] if layers is None else [layer.size for layer in layers]
    unpacked = [_uncompressed_size(layer) for layer in layers] if layers is not None else [None]
    created = image.config.created
    return ImageV1(
        reference=image.reference,
        source=image.source,
        index_digest=str(image.index_digest) if image.index_digest else None,
        manifest_digest=str(image.manifest_digest) if image.manifest_digest else None,
        config_digest=str(image.config_digest),
        platform=str(image.config.platform),
        size=_add_up(sizes),
        uncompressed_size=_add_up(unpacked),
        created=created.astimezone(UTC) if created else None,
        base=BaseV1(base.reference, base.layers, base.evidence) if base else None,
        notes=list(image.notes),
    )


def build_layers(layers: Sequence[AuditedLayer], weight: Weight) -> list[LayerV1]:
    """Every layer; what a layer wastes is known where all entries of it and those above it are."""
    last_partial = max((layer.index for layer in layers if not layer.is_listed), default=-1)
    return [
        _build_layer(layer, weight.layers[layer.index].wasted if layer.index > last_partial else None)
        for layer in layers
    ]


def _add_up(sizes: Sequence[int | None]) -> int | None:
    """The sum, if all of them are known."""
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _uncompressed_size(layer: AuditedLayer) -> int | None:
    return layer.scan.index.uncompressed_size if layer.scan is not None and layer.is_whole else None


def _build_layer(layer: AuditedLayer, wasted: int | None) -> LayerV1:
    """One layer; what could not be read is null."""
    index = layer.scan.index if layer.scan is not None and layer.is_listed else None
    return LayerV1(
        index=layer.index,
        digest=str(layer.digest) if layer.digest else None,
        diff_id=str(layer.diff_id),
        chain_id=str(layer.chain_id),
        media_type=layer.media_type,
        size=layer.size,
        uncompressed_size=_uncompressed_size(layer),
        entries=len(index) if index is not None else None,
        wasted=wasted,
        created_by=tell_created_by(layer.step),
        verified=layer.verified,
        proof=(layer.scan.proof if layer.scan is not None else Proof.NONE).value,
        fetched=layer.fetched,
        origin=find_origin([layer]),
    )


def build_process(runtime: RuntimeConfig) -> ProcessV1:
    """How the process starts, without credentials."""
    health = runtime.healthcheck
    return ProcessV1(
        user=runtime.user,
        working_dir=runtime.working_dir,
        entrypoint=list(redact_words(runtime.entrypoint)),
        command=list(redact_words(runtime.cmd)),
        environment=[_build_variable(entry) for entry in runtime.env],
        exposed_ports=list(runtime.exposed_ports),
        volumes=list(runtime.volumes),
        stop_signal=runtime.stop_signal,
        health_check=list(redact_words(health.test)) if health and health.test else None,
    )


def _build_variable(entry: str) -> VariableV1:
    name, _, value = entry.partition("=")
    return VariableV1(name=redact_text(name), value=redact_value(name, value))
