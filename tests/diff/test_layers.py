"""Layers are paired by what they hold."""

import hashlib

import pytest

from layerscope.diff.layers import LayerFate, count_shared, pair_layers
from layerscope.image.digest import Digest


def _name(letters: str) -> list[Digest]:
    return [Digest("sha256", hashlib.sha256(letter.encode()).hexdigest()) for letter in letters]


@pytest.mark.parametrize(
    ("before", "after", "expected", "shared"),
    [
        ("abc", "abc", [("shared", 0, 0), ("shared", 1, 1), ("shared", 2, 2)], 3),
        ("ab", "abc", [("shared", 0, 0), ("shared", 1, 1), ("added", None, 2)], 2),
        ("abc", "ab", [("shared", 0, 0), ("shared", 1, 1), ("removed", 2, None)], 2),
        ("abc", "axc", [("shared", 0, 0), ("added", None, 1), ("removed", 1, None), ("shared", 2, 2)], 1),
        ("abc", "ac", [("shared", 0, 0), ("removed", 1, None), ("moved", 2, 1)], 1),
        ("aab", "ab", [("shared", 0, 0), ("removed", 1, None), ("moved", 2, 1)], 1),
        ("ab", "ba", [("moved", 1, 0), ("moved", 0, 1)], 0),
        ("", "a", [("added", None, 0)], 0),
    ],
)
def test_each_layer_is_told_once(before: str, after: str, expected: list[object], shared: int) -> None:
    """Shared, moved, added and removed, whatever lies between; a repeated layer is paired from the bottom."""
    pairs = pair_layers(_name(before), _name(after))
    assert [(pair.fate, pair.before, pair.after) for pair in pairs] == expected
    assert count_shared(pairs) == shared
    assert {pair.fate for pair in pairs} <= set(LayerFate)
