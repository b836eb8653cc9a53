"""Tests of glob patterns over full paths."""

import pytest

from layerscope.filesystem.globs import Glob, PathFilter
from layerscope.filesystem.tree import MergedTree
from support.indexes import merged
from support.tar_member import file


@pytest.fixture
def tree() -> MergedTree:
    """Some libraries at different depths."""
    return merged(
        [file("lib/a.so"), file("usr/lib/a.so"), file("usr/lib/x/b.so"), file("usr/lib/.hidden"), file("top")]
    )


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("top", ["top"]),
        ("/top/", ["top"]),
        ("*", ["lib", "top", "usr"]),
        ("usr/lib/*.so", ["usr/lib/a.so"]),
        ("*/lib/*", ["usr/lib/.hidden", "usr/lib/a.so", "usr/lib/x"]),
        ("**/*.so", ["lib/a.so", "usr/lib/a.so", "usr/lib/x/b.so"]),
        ("**/a.so", ["lib/a.so", "usr/lib/a.so"]),
        ("usr/**/b.so", ["usr/lib/x/b.so"]),
        ("usr/lib/**/a.so", ["usr/lib/a.so"]),
        ("usr/lib/**", ["usr/lib/.hidden", "usr/lib/a.so", "usr/lib/x", "usr/lib/x/b.so"]),
        ("**/**/top", ["top"]),
        ("?op", ["top"]),
        ("[rst]op", ["top"]),
        ("[!t]op", []),
        ("usr/*/a.so/*", []),
        ("nothing/**", []),
        ("", []),
    ],
)
def test_pattern_finds_paths(tree: MergedTree, pattern: str, found: list[str]) -> None:
    """Matches come parents first, sorted, each once."""
    assert [node.path for node in tree.glob(pattern)] == found


@pytest.mark.parametrize("pattern", ["**", "*", "**/*.so", "usr/**", "*/*", "**/lib/**", "u*/**/?.so"])
def test_found_paths_are_those_that_match(tree: MergedTree, pattern: str) -> None:
    """Looking into the tree and matching each path give the same answer."""
    glob = Glob.of(pattern)
    assert [node.path for node in tree.glob(pattern)] == [path for path in tree.walk_paths() if glob.matches(path)]


@pytest.mark.parametrize(
    ("patterns", "path", "matches"),
    [
        ((), "any/thing", True),
        (("*.so",), "usr/lib/a.so", True),
        (("*.so",), "usr/lib/a.so.1", False),
        (("lib",), "usr/lib", True),
        (("usr/*.so",), "usr/lib/a.so", False),
        (("usr/*.so", "**/a.so"), "usr/lib/a.so", True),
        (("/top",), "x/top", False),
        (("**",), "x/top", True),
        (("A*",), "a", False),
    ],
)
def test_filter_matches_names_or_whole_paths(patterns: tuple[str, ...], path: str, *, matches: bool) -> None:
    """A pattern without a slash looks at the name, any other at the whole path."""
    assert PathFilter.of(patterns).matches(path) is matches


def test_newline_and_foreign_bytes_are_ordinary_characters() -> None:
    """Hostile names match like others."""
    name = "a\nb\udcff"
    assert [node.path for node in merged([file(name)]).glob("a?b*")] == [name]
