"""Identity: what IMAGE leads to, whichever way it is spelled, so that two spellings of one image are known as such."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import LayerscopeError, ReferenceSyntaxError
from layerscope.image.reference import Reference
from layerscope.sources.recognise import PathKind, is_path_like, locate_path
from layerscope.sources.schemes import NAMED, split_scheme
from layerscope.sources.streams import is_passing

_ROOTED: Final = ("/", "~")


@dataclass(frozen=True)
class Identity:
    """A path with what is selected there, or a name; `scheme` says where one with a name is looked for."""

    thing: str
    path: str | None = None
    selector: str = ""
    scheme: str = ""
    reference: Reference | None = None

    def name_repository(self, folder: Path) -> str:
        """What stays the same from one build to the next: the path as seen from `folder`, or the name without tag.

        Of several images at one path, what is selected tells them apart; of a full name there, no more than that name.
        """
        if self.path is not None:
            place = Path(os.path.relpath(self.path, folder.absolute())).as_posix()
            return (place if place.startswith("../") else f"./{place}") + _drop_tag(self.selector)
        if self.reference is None:
            return self.thing
        return Reference(self.reference.registry, self.reference.repository).familiar


def identify_image(text: str) -> Identity:
    """What IMAGE leads to; of a path, no more is read than tells whether it is one."""
    scheme, rest = split_scheme(text)
    if is_passing(text):
        return Identity(text)
    path, selector = _find_path(scheme, rest)
    if path is not None:
        place = os.path.abspath(path)  # noqa: PTH100  # a link keeps its own name, which pathlib would not keep with ..
        return Identity(place + selector, place, selector)
    try:
        reference = Reference.parse(rest)
    except ReferenceSyntaxError:
        return Identity(rest, scheme=scheme)
    return Identity(str(reference), scheme=scheme, reference=reference)


def list_spellings(text: str) -> tuple[str, ...]:
    """IMAGE as it is written, and as others write it: without scheme, without tag, and with or without docker.io."""
    scheme, rest = split_scheme(text)
    spellings = [text, rest]
    try:
        named = Reference.parse(rest) if not scheme or scheme in NAMED else None
    except ReferenceSyntaxError:
        named = None
    if named is not None:
        tagged, bare = (Reference(named.registry, named.repository, tag) for tag in (named.tag, None))
        spellings += [spelling for each in (named, tagged, bare) for spelling in (each.familiar, str(each))]
    return tuple(dict.fromkeys(spellings))


def place_image(text: str, folder: Path) -> str:
    """IMAGE as it is written in a file of `folder`: a path that is relative is meant from there."""
    scheme, rest = split_scheme(text)
    is_here = folder.absolute() == Path.cwd()
    if is_here or scheme in NAMED or rest.startswith(_ROOTED) or is_passing(text):
        return text
    moved = os.path.relpath(folder.absolute() / rest) + ("/" if rest.endswith("/") else "")
    if not scheme and not is_path_like(rest):
        located = _locate(moved)
        if located is None or located[2] not in {PathKind.LAYOUT, PathKind.ARCHIVE}:
            return text
    prefix = text.removesuffix(rest) if scheme else ""
    return prefix + moved


def _find_path(scheme: str, rest: str) -> tuple[str | None, str]:
    """The path, and what is selected there; None for what has a name."""
    if scheme in NAMED:
        return None, ""
    located = _locate(rest)
    is_path = bool(scheme) or is_path_like(rest)
    if located is None:
        return (rest, "") if is_path else (None, "")
    path, selector, kind = located
    return (path, selector) if is_path or kind is not PathKind.NO_IMAGE else (None, "")


def _locate(rest: str) -> tuple[str, str, PathKind] | None:
    try:
        located = locate_path(rest)
    except LayerscopeError:  # who opens it says what is wrong with it
        return None
    if located is None:
        return None
    return located.path, rest[len(located.path) :], located.kind


def _drop_tag(selector: str) -> str:
    """A selector without the tag of a full name."""
    name = selector.removeprefix(":")
    if ":" not in name and "/" not in name:
        return selector
    try:
        reference = Reference.parse(name)
    except ReferenceSyntaxError:
        return selector
    return f":{Reference(reference.registry, reference.repository).familiar}"
