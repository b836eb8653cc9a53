"""What compose and bake files declare to be built from a folder: Dockerfiles of any name, and such as lie in them.

https://github.com/compose-spec/compose-spec/blob/main/build.md, https://docs.docker.com/build/bake/reference/
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

BUILDS_LIMIT: Final = 200
"""Services of one file that are looked at."""

SIZE_LIMIT: Final = 1 << 15
"""Bytes of a compose file that is parsed: PyYAML takes half a second for so many."""

COMPOSE: Final = re.compile(r"(?i).*compose.*\.ya?ml")
BAKE: Final = re.compile(r"(?i).*bake.*\.(?:hcl|json)")

_NAMED: Final = re.compile(rb"""["']?\bdockerfile["']?[ \t]*[:=][ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#,}]+))""")
_WITH_MORE: Final = re.compile(rb"\b(?:include|extends)\b|<<")
"""What leads to other files, or repeats parts of this one."""

_INLINE: Final = re.compile(rb"\bdockerfile[-_]inline\b|\b(?:additional_)?contexts\b")
"""What tells of a Dockerfile that is no file, or of a folder that a Dockerfile takes by another name."""

Declared = bytes | Path | None
"""A Dockerfile's content, where one lies, or that there is one of which neither is known."""


def find_declared(place: Path, content: bytes, root: Path) -> Iterator[Declared]:
    """The Dockerfiles that a file declares to be built from `root`, or may; none where all have their usual name."""
    if b"dockerfile" not in content and b"contexts" not in content:
        return
    services = _read_services(content) if COMPOSE.fullmatch(place.name) else None
    if services is None:
        yield from _find_in_text(place, content, root)
        return
    for service in services.values():
        build = service.get("build") if isinstance(service, dict) else None
        if build is not None:
            yield from _find_built({"context": build} if isinstance(build, str) else build, place.parent, root)


def _read_services(content: bytes) -> Mapping[Any, Any] | None:
    """The services of a compose file; None where its text has to do: without PyYAML, or where more belongs to it."""
    if len(content) > SIZE_LIMIT or _WITH_MORE.search(content) is not None:
        return None
    try:
        import yaml
    except ImportError:
        return None
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    services = document.get("services") if isinstance(document, dict) else None
    return services if isinstance(services, dict) and len(services) <= BUILDS_LIMIT else None


def _find_built(build: object, folder: Path, root: Path) -> Iterator[Declared]:
    """The Dockerfile of one service."""
    if not isinstance(build, dict):
        yield None
        return
    named = build.get("additional_contexts", ())
    listed = list(named.values()) if isinstance(named, dict) else [str(each).partition("=")[2] for each in _list(named)]
    if any(_is_root(str(each), folder, root) for each in listed):
        yield None
    if not _is_root(str(build.get("context", ".")), folder, root):
        return
    inline = build.get("dockerfile_inline")
    dockerfile = build.get("dockerfile")
    if isinstance(inline, str) and "${" not in inline.replace("$${", ""):
        yield inline.replace("$$", "$").encode("utf-8", "replace")
    elif inline is not None or "$" in str(dockerfile):
        yield None
    elif dockerfile is not None:
        yield root / str(dockerfile)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_root(text: str, folder: Path, root: Path) -> bool:
    """Whether a context is the root, or may be: a variable may be any."""
    if "$" in text:
        return True
    try:
        return Path(os.path.realpath(folder / text)) == root
    except ValueError:
        return True


def _find_in_text(place: Path, content: bytes, root: Path) -> Iterator[Declared]:
    """What a file's text alone tells: each Dockerfile that it names, of whatever context."""
    if _INLINE.search(content):
        yield None
    for match in list(_NAMED.finditer(content))[:BUILDS_LIMIT]:
        name = next(filter(None, match.groups()), b"").decode("utf-8", "replace")
        if "$" in name:
            yield None
            continue
        for folder in dict.fromkeys((root, place.parent)):
            yield folder / name
