"""A reference: registry, repository, and a tag or digest.

Grammar: https://github.com/distribution/reference/blob/main/regexp.go; familiar names as Docker completes them.
"""

import re

from msgspec import Struct

from layerscope.errors import ReferenceSyntaxError
from layerscope.image.digest import Digest

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"

MAX_NAME_LENGTH = 255
"""Characters of registry and repository together, as the grammar allows."""

MAX_LENGTH = 1024
"""Characters of a whole reference: a name, a tag of 128 and the longest digest fit."""

_LIBRARY = "library/"
_LEGACY_REGISTRY = "index.docker.io"

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")


class Reference(Struct, frozen=True):
    """An image's name; with neither tag nor digest in the text, the tag is `latest`."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Return the reference that `text` spells, completed as Docker does; raises ReferenceSyntaxError."""
        if len(text) > MAX_LENGTH:
            raise ReferenceSyntaxError(f"reference {text[:80]!r}…: {len(text)} characters, limit {MAX_LENGTH}")
        named, at, digest_text = text.partition("@")
        digest = Digest.parse(digest_text) if at else None
        name, tag = _split_tag(named)
        if tag is not None:
            parse_tag(tag, where=f"reference {text!r}: ")
        registry, repository = _complete(name)
        _check_name(text, registry, repository)
        if tag is None and digest is None:
            tag = DEFAULT_TAG
        return cls(registry, repository, tag, digest)

    @property
    def name(self) -> str:
        """Registry and repository, in full."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The shortest spelling that Docker would complete to this reference."""
        name = self.name
        if self.registry == DEFAULT_REGISTRY:
            name = self.repository
            short = name.removeprefix(_LIBRARY)
            if "/" not in short:
                name = short
        return name + self._suffix

    @property
    def _suffix(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        return tag if self.digest is None else f"{tag}@{self.digest}"

    def __str__(self) -> str:
        return self.name + self._suffix


def parse_tag(text: str, *, where: str = "") -> str:
    """Return a tag as it is; raises ReferenceSyntaxError for what is none."""
    if not _TAG.fullmatch(text):
        raise ReferenceSyntaxError(f"{where}tag {text!r}: expected up to 128 letters, digits, '_.-'")
    return text


def _split_tag(named: str) -> tuple[str, str | None]:
    """A colon after the last slash starts the tag; one before it belongs to the registry's port."""
    head, slash, last = named.rpartition("/")
    last, colon, tag = last.partition(":")
    return head + slash + last, tag if colon else None


def _complete(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_registry = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    registry, repository = (first, rest) if is_registry else (DEFAULT_REGISTRY, name)
    if registry == _LEGACY_REGISTRY:
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = _LIBRARY + repository
    return registry, repository


def _check_name(text: str, registry: str, repository: str) -> None:
    if _IMAGE_ID.fullmatch(text):
        raise ReferenceSyntaxError(f"reference {text!r}: 64 hexadecimal digits are an image ID, expected a name")
    if repository != repository.lower():
        raise ReferenceSyntaxError(f"reference {text!r}: repository {repository!r}: expected lower case")
    if not _REGISTRY.fullmatch(registry) or not _REPOSITORY.fullmatch(repository):
        raise ReferenceSyntaxError(f"reference {text!r}: expected [REGISTRY/]REPOSITORY[:TAG][@DIGEST]")
    if len(registry) + 1 + len(repository) > MAX_NAME_LENGTH:
        raise ReferenceSyntaxError(f"reference {text!r}: name longer than {MAX_NAME_LENGTH} characters")
