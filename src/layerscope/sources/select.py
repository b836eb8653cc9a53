"""The grammar of IMAGE: a scheme, a path, `-`, or a bare name; each becomes a Source."""

import re
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
from layerscope.sources.schemes import CONTAINERS, SCHEME, SCHEMES, split_scheme
from layerscope.sources.selector import parse_selector
from layerscope.sources.source import InPlace, Source
from layerscope.sources.standard_input import InputSource
from layerscope.sources.streams import STANDARD_INPUT, is_dash

if TYPE_CHECKING:
    from layerscope.sources.registry.credentials import Credential

MAX_LENGTH: Final = 8192
"""Characters of IMAGE: a path of PATH_MAX and a selector fit."""

_WEB: Final = ("https", "http")
_CONTAINER: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")
"""A container's name or ID: https://github.com/moby/moby/blob/v26.1.5/daemon/names/names.go"""
_IMAGE_ID: Final = re.compile(r"(?:sha256:)?[a-f0-9]{64}")


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
    scheme, rest = split_scheme(text)
    if scheme:
        return _select_by_scheme(scheme, rest, text, stdin, options)
    match = SCHEME.match(text)
    if match is not None and match[2]:
        if match[1] in _WEB:
            raise UsageError(_tell_web_address(text))
        raise UsageError(f"opening {text}: unknown scheme {match[0]}; expected one of {', '.join(SCHEMES)}")
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
    return split_scheme(text)[0] in CONTAINERS


def _open_container(text: str, options: SourceOptions, *, is_image: bool = False) -> Source:
    """Return the source that a container's name leads to, or with `is_image` that of the image it was made from."""
    from layerscope.sources.container import ContainerSource

    scheme, name = split_scheme(text)
    assert scheme in CONTAINERS, "whoever asks has seen the scheme"
    if not _CONTAINER.fullmatch(name):
        written = text[: len(text) - len(name)]
        raise UsageError(f"opening {text[:200]}: expected a container's name or ID after {written}")
    return ContainerSource(CONTAINERS[scheme], name, options.in_place, is_image, options.spool_directory)


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
    if is_dash(rest):
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
        known = f"; schemes are {' '.join(SCHEMES)}" if SCHEME.match(text) else ""
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
