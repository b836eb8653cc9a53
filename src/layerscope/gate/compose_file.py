"""The images of a compose file's services, and the Dockerfiles that they are built from.

https://github.com/compose-spec/compose-spec/blob/main/spec.md: `image` with variables interpolated; a service that is
built and has no `image` gets the name of the project and its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from layerscope.errors import SettingsError
from layerscope.gate.setting import tell_nearest

MAX_SIZE: Final = 1 << 20
"""Bytes of a compose file; real ones have some thousands."""

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<plain>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<word>[^{}]*))?\})"
)
_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*")
_BUILD: Final = {"context": ".", "dockerfile": "Dockerfile", "target": ""}
"""Keys of a build, and what holds without them: https://github.com/compose-spec/compose-spec/blob/main/build.md."""
_NOT_IN_NAME: Final = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True)
class ServiceImage:
    """The image of a service, and the Dockerfile and stage that it is built from, where that is a file of this host."""

    service: str
    image: str
    dockerfile: Path | None = None
    target: str = ""


def read_service_images(path: Path, services: Sequence[str], environment: Mapping[str, str]) -> Iterator[ServiceImage]:
    """The images of services, in the order of the file, or of `services`; raises SettingsError.

    Variables come from `environment` and the `.env` beside the file.
    """
    document = _read_document(path)
    found = document.get("services")
    if not isinstance(found, dict) or not all(isinstance(service, dict) for service in found.values()):
        raise SettingsError(f"reading the compose file {str(path)!r}: expected services, each a table")
    if "include" in document:
        raise SettingsError(f"reading the compose file {str(path)!r}: include is not followed; name that file as well")
    variables = {**_read_variables(path.parent / ".env"), **environment}
    for name in services or found:
        if name not in found:
            raise SettingsError(
                f"reading the compose file {str(path)!r}: no service {name!r}; {tell_nearest(name, map(str, found))}"
            )
        image = _find_image(str(name), found[name], _name_project(document, path), variables, path)
        if image:
            yield ServiceImage(str(name), image, *_find_dockerfile(found[name].get("build"), variables, path))


def _read_document(path: Path) -> dict[str, Any]:
    trouble = f"reading the compose file {str(path)!r}"
    try:
        import yaml
    except ImportError as error:
        raise SettingsError(f"{trouble}: it is YAML, which takes layerscope[compose]: pip install PyYAML") from error
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise SettingsError(f"{trouble}: {error.strerror}") from error
    if len(content) > MAX_SIZE:
        raise SettingsError(f"{trouble}: more than {MAX_SIZE:,} bytes")
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{trouble}: expected YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{trouble}: expected a table with services")
    return document


def _find_image(
    name: str, service: Mapping[str, Any], project: str, variables: Mapping[str, str], path: Path
) -> str | None:
    """The image of a service, None where it has neither an image nor a build, as one that extends another."""
    image = service.get("image")
    if image is None:
        return f"{project}-{name}" if "build" in service else None
    if not isinstance(image, str):
        raise SettingsError(
            f"reading the compose file {str(path)!r}: service {name}: image is {image!r}, expected text"
        )
    return _interpolate(image, variables, f"reading the compose file {str(path)!r}: service {name}: image {image!r}")


def _find_dockerfile(build: object, variables: Mapping[str, str], path: Path) -> tuple[Path | None, str]:
    """The Dockerfile and stage of a build; no file where it is written in place, far away, or not there."""
    told: Mapping[str, object] = build if isinstance(build, dict) else {"context": build}
    context, name, target = (told.get(key, default) for key, default in _BUILD.items())
    if not isinstance(context, str) or not isinstance(name, str) or "dockerfile_inline" in told:
        return None, ""
    where = f"reading the compose file {str(path)!r}: build"
    file = path.parent / _interpolate(context, variables, where) / _interpolate(name, variables, where)
    stage = _interpolate(target, variables, where) if isinstance(target, str) else ""
    return (file, stage) if file.is_file() else (None, "")


def _name_project(document: Mapping[str, Any], path: Path) -> str:
    """The project's name: that of the file, else its folder's, with what may not be in it left out."""
    name = document.get("name")
    text = name if isinstance(name, str) else path.absolute().parent.name
    return _NOT_IN_NAME.sub("", text.lower()).lstrip("_-")


def _interpolate(text: str, variables: Mapping[str, str], where: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        name = match["plain"] or match["name"]
        value, operator, word = variables.get(name), match["operator"] or "", match["word"] or ""
        is_set = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("+"):
            return word if is_set else ""
        if is_set:
            return value or ""
        if operator.endswith("-"):
            return word
        raise SettingsError(f"{where}: the variable {name} is not set{f': {word}' if word else ''}")

    return _VARIABLE.sub(replace, text)


def _read_variables(path: Path) -> dict[str, str]:
    """The variables of a `.env` file, as far as they are plain; none where there is no such file."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_SIZE).decode(errors="replace")
    except OSError:
        return {}
    found = (_LINE.fullmatch(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {match[1]: match[2].strip("\"'") for match in found if match}
