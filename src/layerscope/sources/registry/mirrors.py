"""Where else a registry's images are had: the mirrors that `registries.conf` names, as podman and CRI-O use them.

https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md (version 2 of the format)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tomli

from layerscope.errors import ConfigurationError, TransferError
from layerscope.image.reference import Reference

MAX_FILE_SIZE: Final = 1 << 20
"""Bytes of one file; real ones have a few thousand."""

_SYSTEM: Final = Path("/etc/containers/registries.conf")


@dataclass(frozen=True, slots=True)
class Place:
    """A registry and a repository in it where an image may be had; `is_mirror` tells that another one is the origin."""

    registry: str
    repository: str
    insecure: bool = False
    is_mirror: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """One `[[registry]]`: what names it is for, and where these are had instead: where they say, if that is nothing."""

    prefix: str
    location: str
    insecure: bool
    blocked: bool
    mirrors: tuple[Mapping[str, object], ...]
    mirrors_digests_only: bool = False


def find_places(reference: Reference, environment: Mapping[str, str]) -> tuple[Place, ...]:
    """Where to ask for an image, in order: mirrors first, the registry itself last.

    Raises ConfigurationError for a file that cannot be read, and TransferError for a registry that one blocks.
    """
    entry = _find_entry(reference.name, environment)
    if entry is None:
        return (Place(reference.registry, reference.repository),)
    if entry.blocked:
        raise TransferError(f"asking {reference.registry}: registries.conf blocks {entry.prefix}")
    places = [
        _rewrite(reference.name, entry.prefix, str(mirror["location"]), mirror.get("insecure") is True, is_mirror=True)
        for mirror in entry.mirrors
        if _is_for(mirror, reference, entry)
    ]
    origin = _rewrite(reference.name, entry.prefix, entry.location, entry.insecure, is_mirror=False)
    return (*places, origin)


def _find_entry(name: str, environment: Mapping[str, str]) -> _Entry | None:
    """The entry with the longest prefix of a name."""
    entries = [entry for path in _iter_files(environment) for entry in _read_entries(path)]
    latest = {entry.prefix: entry for entry in entries}  # a later file has the last word on a prefix
    fitting = [entry for entry in latest.values() if _has_prefix(name, entry.prefix)]
    return max(fitting, key=lambda entry: len(entry.prefix), default=None)


def _iter_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The person's own file in place of the system's, and the pieces beside it."""
    named = environment.get("CONTAINERS_REGISTRIES_CONF")
    home = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or "/", ".config"))
    own = home / "containers" / "registries.conf"
    main = Path(named) if named else own if own.exists() else _SYSTEM
    yield main
    yield from sorted(main.with_name("registries.conf.d").glob("*.conf"))


def _read_entries(path: Path) -> list[_Entry]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigurationError(f"reading mirrors in {path}: {error.strerror}") from error
    if len(content) > MAX_FILE_SIZE:
        raise ConfigurationError(f"reading mirrors in {path}: more than {MAX_FILE_SIZE:,} bytes, the limit")
    try:
        document = tomli.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"reading mirrors in {path}: {error}") from error
    tables = document.get("registry", [])
    if not isinstance(tables, list):
        return []  # version 1 of the format has no mirrors
    return [entry for table in tables if isinstance(table, dict) and (entry := _read_entry(table)) is not None]


def _read_entry(table: Mapping[str, object]) -> _Entry | None:
    location, mirrors = table.get("location", ""), table.get("mirror", [])
    prefix = table.get("prefix") or location
    if not isinstance(prefix, str) or not isinstance(location, str) or not prefix:
        return None
    return _Entry(
        prefix=prefix,
        location=location or ("" if prefix.startswith("*.") else prefix),
        insecure=table.get("insecure") is True,
        blocked=table.get("blocked") is True,
        mirrors=tuple(mirror for mirror in (mirrors if isinstance(mirrors, list) else []) if _has_location(mirror)),
        mirrors_digests_only=table.get("mirror-by-digest-only") is True,
    )


def _has_location(mirror: object) -> bool:
    return isinstance(mirror, dict) and isinstance(mirror.get("location"), str) and bool(mirror["location"])


def _has_prefix(name: str, prefix: str) -> bool:
    """Whether a name begins with a prefix at a boundary; `*.example.org` is for every host below it."""
    if prefix.startswith("*."):
        host = name.partition("/")[0].partition(":")[0]
        return host.endswith(prefix[1:])
    return name == prefix or name.startswith(f"{prefix}/")


def _is_for(mirror: Mapping[str, object], reference: Reference, entry: _Entry) -> bool:
    """Whether a mirror is meant for what is asked: tags, digests, or both."""
    own = "digest-only" if reference.digest is not None else "tag-only"
    if entry.mirrors_digests_only and reference.digest is None:
        return False
    return mirror.get("pull-from-mirror", "all") in ("all", own)


def _rewrite(name: str, prefix: str, location: str, insecure: bool, *, is_mirror: bool) -> Place:
    """The name with its prefix replaced; without a location, which only `*.example.org` may lack, as it stands."""
    if not location:
        registry, _, repository = name.partition("/")
        return Place(registry, repository, insecure, is_mirror)
    rest = name.partition("/")[2] if prefix.startswith("*.") else name.removeprefix(prefix).lstrip("/")
    registry, _, repository = "/".join(part for part in (location, rest) if part).partition("/")
    return Place(registry, repository, insecure, is_mirror)
