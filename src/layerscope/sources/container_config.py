"""The config of a container's image as the container was started: other variables, command or user count, too."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from layerscope.engine.container_files import InspectedContainer
from layerscope.image.config import ImageConfig, parse_config
from layerscope.image.digest import Digest

_SETTINGS: Final = (
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "WorkingDir", "Labels", "StopSignal", "Healthcheck",
    "Shell",
)  # fmt: skip
"""What an image and a container both have; what a container has beside it (its host name, its mounts) is its own."""

_MADE_UP: Final[Mapping[str, tuple[object, ...]]] = {"StopSignal": ("15", "SIGTERM", 15), "WorkingDir": ("/",)}
"""What podman says of a container for which nobody said anything."""
_OWN_VARIABLES: Final = ("HOME", "HOSTNAME", "TERM", "container")
"""Variables that podman gives every container."""


def make_container_config(
    image: ImageConfig, container: InspectedContainer, own: Digest | None, *, is_podman: bool
) -> ImageConfig:
    """The image's config with the container's settings, and with its own layer, if it has one."""
    document = json.loads(image.content)
    before = document.get("config") or {}
    document["config"] = dict(_merge(before, container.settings, is_podman=is_podman))
    if own is not None:
        document["rootfs"]["diff_ids"] = [*map(str, image.rootfs), str(own)]
        history = document.get("history") or []
        if sum(not entry.get("empty_layer") for entry in history) == len(image.rootfs):
            step = {"created_by": f"container {container.name}"}
            created = {"created": container.started} if container.started else {}
            document["history"] = [*history, {**created, **step}]
    content = json.dumps(document, separators=(",", ":")).encode()
    return parse_config(content, where=f"the config of container {container.name}")


def _merge(before: Mapping[str, object], started: Mapping[str, object], *, is_podman: bool) -> dict[str, object]:
    merged = dict(before)
    for key in _SETTINGS:
        if key not in started:
            continue
        value, old = started[key], before.get(key)
        if is_podman and not old and value in _MADE_UP.get(key, ()):
            continue
        if key == "Env" and isinstance(value, Sequence):
            value = _order_variables(value, old if isinstance(old, Sequence) else (), is_podman=is_podman)
        if value or old:
            merged[key] = value
    return merged


def _order_variables(started: Sequence[object], old: Sequence[object], *, is_podman: bool) -> list[str]:
    """The variables of a container, without those that the engine made up."""
    known = {str(each).partition("=")[0] for each in old}
    own = {*_OWN_VARIABLES} - known if is_podman else set[str]()
    variables = (str(each) for each in started if "=" in str(each))
    return [each for each in variables if each.partition("=")[0] not in own]
