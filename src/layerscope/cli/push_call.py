"""The words of `docker push` or `podman push`: which image they push, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.engine.program import EngineKind
from layerscope.errors import UsageError
from layerscope.image.reference import Reference

_VALUED: Final[dict[EngineKind, frozenset[str]]] = {
    "docker": frozenset({"--platform"}),
    "podman": frozenset(
        [
            *("--authfile", "--cert-dir", "--compression-format", "--compression-level", "--creds", "--digestfile"),
            *("--encrypt-layer", "--encryption-key", "--format", "-f", "--retry", "--retry-delay", "--sign-by"),
            *("--sign-by-sigstore", "--sign-by-sigstore-private-key", "--sign-passphrase-file", "--add-compression"),
        ]
    ),
}
"""Options that take the next word: https://docs.docker.com/reference/cli/docker/image/push/ and podman-push(1).

A value in a word of its own after an option that is missing here is taken for the image, and refused as a second one.
"""

_MOST: Final[dict[EngineKind, int]] = {"docker": 1, "podman": 2}
"""An image, and for podman where it goes."""


@dataclass(frozen=True)
class PushCall:
    """What is pushed: an image, or every tag of a repository; `words` are those of the engine's own program."""

    kind: EngineKind
    words: tuple[str, ...]
    name: str
    is_all_tags: bool = False
    is_quiet: bool = False
    platform: str | None = None

    @property
    def reference(self) -> Reference:
        """The image's name in full."""
        return Reference.parse(self.name)

    @property
    def command(self) -> str:
        """What it stands in for."""
        return f"{self.kind} push"


def parse_push_call(words: Sequence[str], kind: EngineKind) -> PushCall:
    """The call that these words are; raises UsageError where they do not name one image by a tag."""
    options, names = _split_words(words, _VALUED[kind])
    if not names:
        raise UsageError(f"expected the name of an image, as {kind} push takes it")
    if len(names) > _MOST[kind]:
        told = ", ".join(names)
        raise UsageError(f"expected one image, found {told}; the value of an option is best written as --option=value")
    name = names[0]
    given = dict(options)
    is_all_tags = kind == "docker" and not given.keys().isdisjoint({"-a", "--all-tags"})
    _check_name(name, is_all_tags=is_all_tags)
    is_quiet = not given.keys().isdisjoint({"-q", "--quiet"})
    return PushCall(kind, tuple(words), name, is_all_tags, is_quiet, given.get("--platform"))


def _split_words(words: Sequence[str], valued: frozenset[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options with their values, flags without one, and the other words."""
    options: list[tuple[str, str]] = []
    names: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            names.extend(left)
        elif not word.startswith("-") or word == "-":
            names.append(word)
        elif word in valued:
            options.append((word, next(left, "")))
        elif word.startswith("--"):
            option, equals, value = word.partition("=")
            if not (equals and value.lower() in {"false", "0", "f"}):
                options.append((option, value))
        else:
            options.extend((f"-{letter}", "") for letter in word[1:])
    return options, names


def _check_name(name: str, *, is_all_tags: bool) -> None:
    """Raise UsageError for what no engine pushes, or what could be checked and be another when it is pushed."""
    reference = Reference.parse(name)
    if reference.digest is not None:
        raise UsageError(f"pushing {name}: expected a tag, found a digest: engines push by name")
    if is_all_tags and ":" in name.rpartition("/")[2]:
        raise UsageError(f"pushing {name}: expected no tag beside --all-tags")
