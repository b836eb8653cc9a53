"""What a process names of the hub beside a model: where that is missing, its client has to ask for it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import join, normpath
from typing import Final

from layerscope.facts.system.launch_words import ALIAS_OPTIONS, BESIDE_OPTIONS
from layerscope.filesystem.tree import MergedTree

CACHED_LIMIT: Final = 50
"""Repositories of one cache that are looked at."""

_MARK: Final = "models--"
_REPOSITORY: Final = re.compile(r"(?<![\w./:@+$-])\w[\w.-]{0,95}/\w[\w.-]{0,95}(?![\w./:-])", re.ASCII)
_PLAIN: Final = re.compile(r"\w[\w.-]{0,95}", re.ASCII)
_VARIABLE: Final = re.compile(r".*(?:MODEL|TOKENIZER|ADAPTER|LORA|DRAFT).*")


def list_cached(tree: MergedTree, cache: str) -> tuple[str, ...]:
    """The names of all repositories of which a cache has something, weights or not."""
    node = tree.get(cache)
    names = sorted(path.rpartition("/")[2] for path in tree.children(cache)) if node is not None else []
    marked = [name for name in names if name.startswith(_MARK)][:CACHED_LIMIT]
    return tuple(
        name.removeprefix(_MARK).replace("--", "/") for name in marked if _has_snapshot(tree, f"{cache}/{name}")
    )


def needs_more(
    tree: MergedTree,
    folder: str,
    commands: Sequence[Sequence[str]],
    environment: Mapping[str, str],
    cached: Sequence[str],
) -> bool:
    """Whether something is named that is neither a path of the image nor in the cache: a tokenizer, an adapter.

    Of an option in a script no value is known: it may name anything.
    """
    if any(map(_names_unknown, commands)):
        return True
    named = [name for words in commands for name in _iter_named(words)]
    named += [
        value
        for variable, value in environment.items()
        if _VARIABLE.fullmatch(variable) and _REPOSITORY.fullmatch(value)
    ]
    lacking = (name for name in dict.fromkeys(named) if name not in cached)
    return any(tree.resolve(normpath(join("/", folder, name)).strip("/")) is None for name in lacking)


def _iter_named(words: Sequence[str]) -> Iterator[str]:
    """What may be a name of the hub: each that has the form of one, and what known options take."""
    option = ""
    for word in words:
        text = word
        if word.startswith("-"):
            option, _, text = word.partition("=")
        if option in ALIAS_OPTIONS:
            continue
        yield from _REPOSITORY.findall(text)
        if option in BESIDE_OPTIONS and _PLAIN.fullmatch(text):
            yield text


def _names_unknown(words: Sequence[str]) -> bool:
    """Whether an option stands there without its value."""
    pairs = zip(words, (*words[1:], ""), strict=False)
    return any(word in BESIDE_OPTIONS and (not value or value.startswith("-")) for word, value in pairs)


def _has_snapshot(tree: MergedTree, repository: str) -> bool:
    node = tree.get(f"{repository}/snapshots")
    return node is not None and bool(tree.children(node.path))
