"""The images of a compose project's services, and the Dockerfiles that they are built from.

https://github.com/compose-spec/compose-spec/blob/main/spec.md: `image` with variables interpolated; a service that is
built and has no `image` gets the name of the project and its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import ReferenceSyntaxError, SettingsError
from layerscope.gate.compose_services import ComposeProject, ComposeService
from layerscope.gate.compose_variables import interpolate, read_env_file
from layerscope.gate.setting import tell_nearest
from layerscope.image.platform import Platform

_PROJECT_NAME: Final = "COMPOSE_PROJECT_NAME"
_FILES: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""What compose reads where no file is named, and beside it the first of the next."""
_OVERRIDES: Final = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"
)  # fmt: skip
_BUILD: Final = {"context": ".", "dockerfile": "Dockerfile", "target": ""}
"""Keys of a build, and what holds without them: https://github.com/compose-spec/compose-spec/blob/main/build.md."""
_NOT_IN_NAME: Final = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True)
class ServiceImage:
    """A service, its image and platform, and the file and line that say so.

    Beside them the Dockerfile and stage that it is built from, where that is a file of this host.
    """

    service: str
    image: str
    path: Path
    line: int
    platform: Platform | None = None
    dockerfile: Path | None = None
    target: str = ""


def read_service_images(
    paths: Sequence[Path], services: Sequence[str], environment: Mapping[str, str]
) -> Iterator[ServiceImage]:
    """Services and their images, in the order of the files, or of `services`; raises SettingsError.

    Later files are laid over earlier ones. One alone that has a name by which compose finds it has its override beside
    it, as for compose. Variables come from `environment` and the `.env` beside the first file.
    """
    paths = [*paths, *_find_override(paths[0])] if len(paths) == 1 else paths
    variables = {**read_env_file(paths[0].parent / ".env", environment), **environment}
    project = ComposeProject(paths, variables)
    found = project.list_names()
    trouble = f"reading the compose file {str(paths[0])!r}"
    if not found:
        raise SettingsError(f"{trouble}: expected services, found none")
    for name in services or found:
        service = project.find(name) if name in found else None
        if service is None:
            raise SettingsError(f"{trouble}: no service {name!r}; {tell_nearest(name, found)}")
        image = _find_image(service, project, paths[0])
        if image:
            platform, built = _find_platform(service), _find_dockerfile(service)
            yield ServiceImage(name, image, service.path, service.line, platform, *built)
        elif services or service.find("provider") is None:
            raise SettingsError(f"{service.where}: expected an image or a build")


def _find_override(path: Path) -> list[Path]:
    found = [path.parent / name for name in _OVERRIDES if (path.parent / name).is_file()]
    return found[:1] if path.name in _FILES else []


def _find_image(service: ComposeService, project: ComposeProject, path: Path) -> str | None:
    image = service.find_text("image")
    if image:
        return image
    if service.find("build") is None:
        return None
    name = _name_project(project, path)
    if not name:
        raise SettingsError(
            f"{service.where}: it is built without an image, and its project has no name: say {_PROJECT_NAME}"
        )
    return f"{name}-{service.name}"


def _find_dockerfile(service: ComposeService) -> tuple[Path | None, str]:
    """The Dockerfile and stage of a build; no file where it is written in place, far away, or not there."""
    build = service.find("build")
    told = build if isinstance(build, dict) else {"context": build}
    context, name, target = (told.get(key, default) for key, default in _BUILD.items())
    if not isinstance(context, str) or not isinstance(name, str) or "dockerfile_inline" in told:
        return None, ""
    texts = (context, name, target if isinstance(target, str) else "")
    context, name, stage = (interpolate(text, service.variables, f"{service.where}: build") for text in texts)
    file = service.path.parent / context / name
    return (file, stage) if file.is_file() else (None, "")


def _name_project(project: ComposeProject, path: Path) -> str:
    """The project's name: the variable's, the file's, else its folder's, with what may not be in it left out."""
    text = project.variables.get(_PROJECT_NAME) or project.name or path.absolute().parent.name
    return _NOT_IN_NAME.sub("", text.lower()).lstrip("_-")


def _find_platform(service: ComposeService) -> Platform | None:
    text = service.find_text("platform")
    if not text:
        return None
    try:
        return Platform.parse(text)
    except ReferenceSyntaxError as error:
        raise SettingsError(f"{service.where}: {error}") from error
