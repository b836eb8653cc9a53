"""The grammar of IMAGE: a scheme, a path, `-`, or a bare name; each becomes a Source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, assert_never

from layerscope.errors import ImageNotFoundError, ReferenceSyntaxError, UsageError
from layerscope.image.reference import Reference
from layerscope.sources.archive import ArchiveSource
from layerscope.sources.archive_image import ArchiveForm
from layerscope.sources.bare_name import REGISTRY, BareNameSource
from layerscope.sources.layout import LayoutSource
from layerscope.sources.random_access import RandomAccessSource
from layerscope.sources.recognise import LocatedPath, PathKind, is_path_like, locate_path
from layerscope.sources.selector import parse_selector
from layerscope.sources.source import InPlace, Source
from layerscope.sources.standard_input import STANDARD_INPUT, InputSource

if TYPE_CHECKING:
    from layerscope.sources.registry.credentials import Credential

SCHEMES: Final = ("docker:", "podman:", "registry:", "oci-dir:", "oci-archive:", "docker-archive:", "container:")

CONTAINERS: Final[Mapping[str, tuple[Literal["docker", "podman"], ...]]] = {
    "container": ("docker", "podman"), "docker-container": ("docker",), "podman-container": ("podman",),
}  # fmt: skip
"""The engines that are asked for a container, by the scheme that names one."""

MAX_LENGTH: Final = 8192
"""Characters of IMAGE: a path of PATH_MAX and a selector fit."""

_ALIASES: Final = {
    scheme.rstrip(":") + slashes: scheme.rstrip(":") for scheme in (*SCHEMES, *CONTAINERS) for slashes in ("", "://")
} | {
    "oci": "oci-dir",
    "docker-daemon": "docker",
    "docker://": "registry",
    "local://": "docker",
    "archive://": "archive",
}
"""Every scheme, also as a URL; skopeo's `oci:`, `docker-daemon:` and `docker://`; scout's `local://` and `archive://`."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+-]*)(?::(?!//)|(://))")
_WEB: Final = ("https", "http")
_CONTAINER: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")
"""A container's name or ID: https://github.com/moby/moby/blob/v26.1.5/daemon/names/names.go"""
_IMAGE_ID: Final = re.compile(r"(?:sha256:)?[a-f0-9]{64}")
_INPUT: Final = re.compile(rf"{STANDARD_INPUT}(?:$|[:@])")
_INPUT_PATH: Final = re.compile(r"/dev/(?:stdin|fd/0)(?:$|[:@])|/proc/(?:self|thread-self)/fd/0(?:$|[:@])")
"""Paths by which Linux leads to standard input."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How images are to be opened.

    With `random_access`, an image that passes by once is spooled to a file without a name in `spool_directory` (None:
    where temporary files go), so that every layer can be opened at any time. `in_place` says whether the storage of an
    engine is read, `insecure` that a registry is asked in the clear, `offline` that none is asked, `credential`
    who to be there.
    """

    random_access: bool = False
    spool_directory: str | None = None
    in_place: InPlace = "auto"
    insecure: bool = False
    offline: bool = False
    credential: "Credential | None" = None


_ENGINES: Final[tuple[Literal["docker", "podman"], ...]] = ("docker", "podman")

DEFAULT_OPTIONS: Final = SourceOptions()


def select_source(text: str, *, stdin: BinaryIO | None = None, options: SourceOptions = DEFAULT_OPTIONS) -> Source:
    """Return the source that IMAGE names; of a path, no more is read than tells its kind.

    Raises UsageError for what cannot be an image, ImageNotFoundError for a path that leads nowhere, and SourceError.
    """
    if not text or len(text) > MAX_LENGTH or "\0" in text:
        raise UsageError(f"IMAGE is {text[:80]!r}: expected a name, a path, SCHEME:… or - (standard input)")
    source = _select(text, stdin, options)
    return RandomAccessSource(source, options.spool_directory) if options.random_access else source


def select_started(container: str, *, options: SourceOptions = DEFAULT_OPTIONS) -> Source:
    """Return the source of the image that a container was made from; raises UsageError."""
    source = _open_container(container, options, is_image=True)
    return RandomAccessSource(source, options.spool_directory) if options.random_access else source


def split_scheme(text: str) -> tuple[str, str]:
    """The scheme of IMAGE by its own name, empty where there is none, and what follows it."""
    match = _SCHEME.match(text)
    scheme = _ALIASES.get(match[1] + (match[2] or "")) if match else None
    return (scheme, text[match.end() :]) if match and scheme else ("", text)


def is_standard_input(text: str) -> bool:
    """Tell whether IMAGE is read from standard input, whichever way that is spelled."""
    scheme, rest = split_scheme(text)
    if scheme in set(ArchiveForm):
        return (_INPUT.match(rest) or _INPUT_PATH.match(rest)) is not None
    return not scheme and (rest == STANDARD_INPUT or _INPUT_PATH.match(rest) is not None)


def find_registry(text: str) -> str | None:
    """The registry that IMAGE may be asked for at; None for what lies in a file, an engine, or nowhere."""
    scheme, name = split_scheme(text)
    if scheme not in {"", REGISTRY} or (not scheme and (text == STANDARD_INPUT or is_path_like(text))):
        return None
    try:
        return Reference.parse(name).registry
    except ReferenceSyntaxError:
        return None


def _select(text: str, stdin: BinaryIO | None, options: SourceOptions) -> Source:
    if text == STANDARD_INPUT:
        return InputSource(STANDARD_INPUT, stdin)
    match = _SCHEME.match(text)
    if match is not None:
        written, slashes = match[1], match[2] or ""
        scheme = _ALIASES.get(written + slashes)
        if scheme is not None:
            return _select_by_scheme(scheme, text[match.end() :], text, stdin, options)
        if slashes and written in _WEB:
            raise UsageError(_tell_web_address(text))
        if slashes:
            raise UsageError(f"opening {text}: unknown scheme {written}://; expected one of {', '.join(SCHEMES)}")
    return _select_path_or_name(text, options)


def _select_by_scheme(scheme: str, rest: str, text: str, stdin: BinaryIO | None, options: SourceOptions) -> Source:
    if not rest:
        raise UsageError(f"opening {text}: nothing after the scheme, expected {scheme}:IMAGE")
    match scheme:
        case "docker" | "podman":
            return _open_engine("docker" if scheme == "docker" else "podman", rest, options)
        case "container" | "docker-container" | "podman-container":
            return _open_container(text, options)
        case "registry":
            hint = f"for the local image called {text} write docker:{text}" if is_name(text) else ""
            return _open_registry(rest, options, hint)
        case "oci-dir":
            return _open_layout(rest)
        case _:
            return _open_archive(ArchiveForm(scheme), rest, stdin)


def is_container(text: str) -> bool:
    """Tell whether IMAGE names a container, whose file system is meant."""
    match = _SCHEME.match(text)
    return match is not None and _ALIASES.get(match[1] + (match[2] or "")) in CONTAINERS


def _open_container(text: str, options: SourceOptions, *, is_image: bool = False) -> Source:
    """Return the source that a container's name leads to, or with `is_image` that of the image it was made from."""
    from layerscope.sources.container import ContainerSource

    match = _SCHEME.match(text)
    assert match is not None, "whoever asks has seen the scheme"
    name = text[match.end() :]
    if not _CONTAINER.fullmatch(name):
        raise UsageError(f"opening {text[:200]}: expected a container's name or ID after {match[0]}")
    kinds = CONTAINERS[_ALIASES[match[1] + (match[2] or "")]]
    return ContainerSource(kinds, name, options.in_place, is_image, options.spool_directory)


def _open_engine(kind: Literal["docker", "podman"], name: str, options: SourceOptions) -> Source:
    from layerscope.sources.daemon import DaemonSource

    if not _IMAGE_ID.fullmatch(name):
        Reference.parse(name)
    return DaemonSource(kind, name, options.in_place)


def _tell_web_address(text: str) -> str:
    """How to name an image whose registry was written as an address, without what may be a password in it."""
    scheme, _, rest = text.partition("://")
    named = rest.partition("/")[0].rpartition("@")[2] + "".join(rest.partition("/")[1:])
    plain = ", and add --insecure to ask in the clear" if scheme == "http" else ""
    return f"opening {scheme}://{named[:200]}: leave out {scheme}://, an image's name begins with its registry{plain}"


def _open_registry(name: str, options: SourceOptions, hint: str = "") -> Source:
    from layerscope.sources.registry.source import RegistrySource

    if name.startswith(tuple(f"{scheme}://" for scheme in _WEB)):
        raise UsageError(_tell_web_address(name))
    return RegistrySource(
        Reference.parse(name),
        insecure=options.insecure,
        offline=options.offline,
        credential=options.credential,
        hint=hint,
    )


def _open_layout(rest: str) -> Source:
    located = _locate(rest)
    if located.kind is not PathKind.LAYOUT:
        hint = f"; for an archive write oci-archive:{rest}" if located.kind is PathKind.ARCHIVE else ""
        raise UsageError(f"opening oci-dir:{rest}: {located.explanation}, expected an OCI layout directory{hint}")
    return LayoutSource(located.path, located.selector)


def _open_archive(form: ArchiveForm, rest: str, stdin: BinaryIO | None) -> Source:
    if _INPUT.match(rest):
        return InputSource(STANDARD_INPUT, stdin, form, parse_selector(rest[1:]))
    located = _locate(rest)
    match located.kind:
        case PathKind.ARCHIVE:
            return ArchiveSource(located.path, form, located.selector)
        case PathKind.PIPE:
            return InputSource(located.path, None, form, located.selector)
        case PathKind.LAYOUT | PathKind.NO_IMAGE:
            hint = f"; for a layout write oci-dir:{rest}" if located.kind is PathKind.LAYOUT else ""
            raise UsageError(f"opening {form}:{rest}: {located.explanation}, expected an image archive{hint}")
        case _:
            assert_never(located.kind)


def _locate(rest: str) -> LocatedPath:
    located = locate_path(rest)
    if located is None:
        raise ImageNotFoundError(f"opening {rest}: no such file or directory")
    return located


def _select_path_or_name(text: str, options: SourceOptions) -> Source:
    located = locate_path(text)
    if located is None and is_path_like(text):
        raise ImageNotFoundError(f"opening {text}: no such file or directory")
    if located is None:
        return _open_name(text, options)
    match located.kind:
        case PathKind.LAYOUT:
            return LayoutSource(located.path, located.selector)
        case PathKind.ARCHIVE:
            return ArchiveSource(located.path, ArchiveForm.ANY, located.selector)
        case PathKind.PIPE:
            return InputSource(located.path, None, ArchiveForm.ANY, located.selector)
        case PathKind.NO_IMAGE:
            if is_path_like(text) or not is_name(text):
                words = "expected an image archive, an OCI layout or an image's name"
                raise UsageError(f"opening {located.path}: {located.explanation}, {words}")
            # A build folder often has its image's name.
            return _open_name(text, options, f"{located.path} is {located.explanation}")
        case _:
            assert_never(located.kind)


def _open_name(text: str, options: SourceOptions, *attempts: str) -> Source:
    try:
        sources: list[tuple[str, Source]] = [(kind, _open_engine(kind, text, options)) for kind in _ENGINES]
        if not _IMAGE_ID.fullmatch(text):
            sources.append((REGISTRY, _open_registry(text, options)))
    except ReferenceSyntaxError as error:
        known = f"; schemes are {' '.join(SCHEMES)}" if _SCHEME.match(text) else ""
        raise ReferenceSyntaxError(
            f"opening {text[:200]}: there is no such file, and as a name: {error}{known}"
        ) from error
    return BareNameSource(text, tuple(sources), attempts)


def is_name(text: str) -> bool:
    """Tell whether an engine could have an image of that name or ID."""
    if _IMAGE_ID.fullmatch(text):
        return True
    try:
        Reference.parse(text)
    except ReferenceSyntaxError:
        return False
    return True
