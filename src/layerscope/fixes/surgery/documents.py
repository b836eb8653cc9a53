"""The documents of a new image: its config, manifest and index, made of the old one's with little changed.

https://github.com/opencontainers/image-spec/blob/main/config.md, manifest.md, image-layout.md
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from layerscope.fixes.surgery.config_changes import ConfigChange, make_changes, set_variables
from layerscope.fixes.surgery.cuts import Range
from layerscope.fixes.surgery.hidden_credentials import hide_credentials, list_credentials
from layerscope.fixes.surgery.layer_writer import WrittenLayer
from layerscope.image.config import ImageConfig
from layerscope.image.descriptor import Descriptor
from layerscope.image.history import history_mismatch, pair_history
from layerscope.image.image import Image
from layerscope.image.mediatype import OCI_INDEX, OCI_MANIFEST
from layerscope.image.timestamp import parse_timestamp

MERGED: Final = "layerscope fix: merge "
"""What the step of merged layers begins with."""

PROVENANCE: Final = "io.layerscope.fix"
"""The annotation that says what was made of which image."""

NAME: Final = "org.opencontainers.image.ref.name"
_CREATED: Final = "org.opencontainers.image.created"
_BASE: Final = ("org.opencontainers.image.base.digest", "org.opencontainers.image.base.name")
"""What says that the image stands on another one bit for bit, which is not true of one whose lower layers changed."""


class NewStep(NamedTuple):
    """A step that adds a layer, in words that stand where an instruction would."""

    instruction: str
    layer: WrittenLayer


def render_config(
    image: Image,
    layers: Sequence[WrittenLayer | None],
    variables: Mapping[str, str | None],
    *,
    changes: Sequence[ConfigChange] = (),
    hides_credentials: bool = False,
    latest: int | None = None,
    top: NewStep | None = None,
    merged: Range | None = None,
) -> bytes:
    """The config with the DiffIDs of the new layers; None stands for one that is left out, whose step made nothing.

    Each of the variables gets its value, where it stood or at the end; None takes it out. Then come the `changes`, each
    a step of the history. With `hides_credentials`, history and labels hold none any more. What was made after `latest`
    seconds was made then. `top` is a step above all others. The steps of `merged` layers, of which the last is the one
    that they became, are one.
    """
    document = json.loads(image.config.content)
    document["rootfs"]["diff_ids"] = [str(layer.diff_id) for layer in layers if layer is not None]
    _mark_steps(document, image.config, layers)
    if merged is not None:
        _join_steps(document, image.config, len(layers), merged)
    if top is not None:
        document["rootfs"]["diff_ids"].append(str(top.layer.diff_id))
        if history_mismatch(image.config, len(image.layers)) is None:  # else it would be told of another layer
            _add_step(document, {"created_by": top.instruction})
    if variables:
        runtime = document.get("config") or {}
        document["config"] = {**runtime, "Env": set_variables(runtime.get("Env") or [], variables)}
    if changes:
        make_changes(document, changes)
    for change in changes:
        _add_step(document, {"created_by": change.text, "empty_layer": True})
    if hides_credentials:
        hide_credentials(document, list_credentials(image.config.runtime.env))
    if latest is not None:
        for made in (document, *(document.get("history") or ())):
            _clamp_created(made, "created", latest)
    return _render(document)


def _add_step(document: dict[str, object], step: Mapping[str, object]) -> None:
    """Tell of a new step, made when the image was; where there is no history, none begins here."""
    history = document.get("history")
    if isinstance(history, list) and history:
        created = {"created": document["created"]} if document.get("created") else {}
        history.append({**created, **step, "comment": "layerscope"})


def _clamp_created(document: dict[str, object], key: str, latest: int) -> None:
    """Let nothing be created after `latest` seconds; what is no time stays."""
    limit = datetime.fromtimestamp(latest, UTC)
    created = parse_timestamp(document.get(key))
    if created is not None and created >= limit:
        document[key] = f"{limit:%Y-%m-%dT%H:%M:%SZ}"


def _mark_steps(document: dict[str, object], config: ImageConfig, layers: Sequence[WrittenLayer | None]) -> None:
    """Say of the steps whose layers are left out that they made none, so that the others keep theirs."""
    history = document.get("history")
    if not isinstance(history, list):
        return
    for step in pair_history(config, len(layers)):
        if step.layer is not None and step.position < len(history) and layers[step.layer] is None:
            history[step.position]["empty_layer"] = True


def _join_steps(document: dict[str, object], config: ImageConfig, layers: int, merged: Range) -> None:
    """Make one step of those of layers that became one; it stands where the last of them stood."""
    history = document.get("history")
    if not isinstance(history, list):
        return
    steps = [step for step in pair_history(config, layers) if step.layer in merged.layers]
    steps = [step for step in steps if step.position < len(history)]
    for step in reversed(steps[:-1]):
        del history[step.position]
    if steps:
        place = steps[-1].position - len(steps) + 1
        told = "; ".join(step.instruction for step in steps)
        joined = {**history[place], "created_by": f"{MERGED}{told}", "comment": "layerscope"}
        history[place] = {key: value for key, value in joined.items() if key != "empty_layer"}


def render_manifest(
    image: Image,
    config: Descriptor,
    layers: Sequence[Descriptor],
    provenance: Mapping[str, object],
    *,
    base_holds: bool,
    latest: int | None = None,
    base: Mapping[str, str] | None = None,
) -> bytes:
    """The manifest; the old annotations stay, those about the base image only where it is still below.

    `base` are annotations about another base image.
    """
    old = image.manifest.annotations if image.manifest is not None else {}
    annotations: dict[str, object] = {key: value for key, value in old.items() if base_holds or key not in _BASE}
    if latest is not None:
        _clamp_created(annotations, _CREATED, latest)
    annotations |= base or {}
    annotations[PROVENANCE] = json.dumps(provenance, sort_keys=True, separators=(",", ":"))
    return _render(
        {
            "schemaVersion": 2,
            "mediaType": str(OCI_MANIFEST),
            "config": _show_descriptor(config),
            "layers": [_show_descriptor(layer) for layer in layers],
            "annotations": dict(sorted(annotations.items())),
        }
    )


def render_index(manifest: Descriptor, annotations: Mapping[str, str]) -> bytes:
    """The index of a layout that holds one image; the annotations say what it is called."""
    shown = _show_descriptor(manifest)
    if annotations:
        shown["annotations"] = dict(sorted(annotations.items()))
    return _render({"schemaVersion": 2, "mediaType": str(OCI_INDEX), "manifests": [shown]})


def _show_descriptor(descriptor: Descriptor) -> dict[str, object]:
    shown: dict[str, object] = {
        "mediaType": str(descriptor.media_type),
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }
    if descriptor.urls:
        shown["urls"] = list(descriptor.urls)
    if descriptor.annotations:
        shown["annotations"] = dict(sorted(descriptor.annotations.items()))
    if descriptor.platform is not None:
        platform = descriptor.platform
        fields = {"os": platform.os, "architecture": platform.architecture, "variant": platform.variant}
        shown["platform"] = {key: value for key, value in fields.items() if value}
    return shown


def _render(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
