"""Config and history of an image for a program."""

from collections.abc import Sequence
from datetime import UTC

from layerscope.formats.secret_text import redact_text, redact_value
from layerscope.image.attachment import Attachment
from layerscope.image.history import BuildStep
from layerscope.image.image import Image
from layerscope.report.instruction import tell_created_by, tell_instruction
from layerscope.report.json_parts import build_image, build_process, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.stored_size import is_size_exact


def render_inspect_json(image: Image, steps: Sequence[BuildStep], *, attached: Sequence[Attachment] = ()) -> str:
    """Identity, process, labels and history; sizes are those of the layers as stored, where they are known."""
    sizes = [layer.stored_size if is_size_exact(layer) else None for layer in image.layers]
    return encode_json(
        {
            **head_document(),
            "image": build_image(image, None, None),
            "process": build_process(image.config.runtime),
            "labels": {
                redact_text(name): redact_value(name, value)
                for name, value in sorted(image.config.runtime.labels.items())
            },
            "diff_ids": [str(diff_id) for diff_id in image.config.rootfs],
            "attached": [
                {"kind": each.kind, "digest": str(each.digest), "type": each.type, "found": each.found}
                for each in attached
            ],
            "history": [_build_step(step, sizes) for step in steps],
        }
    )


def _build_step(step: BuildStep, sizes: Sequence[int | None]) -> dict[str, object]:
    return {
        "position": step.position,
        "layer": step.layer,
        "size": sizes[step.layer] if step.layer is not None else None,
        "created": step.created.astimezone(UTC) if step.created else None,
        "created_by": tell_created_by(step),
        "instruction": tell_instruction(step),
        "empty": step.empty,
    }
