"""Files whose content is not hashed, as huge sparse ones are, are never told equal."""

from layerscope.filesystem.endings import Ending
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.weight import measure_weight
from support.indexes import layer
from support.tar_member import TarMember, file, hardlink


def unhashed(*layers: tuple[TarMember, ...]) -> MergedTree:
    """The merge of layers without any digest."""
    indexes = [layer(*members) for members in layers]
    for index in indexes:
        index.digests[:] = bytes(len(index.digests))
    return merge_layers(indexes)


def test_a_file_over_another_overwrites_it() -> None:
    """Nobody knows that only its mode changed."""
    tree = unhashed((file("a", b"12345"),), (file("a", b"12345", mode=0o600),))
    assert [hidden.ending for hidden in tree.hidden] == [Ending.OVERWRITTEN]
    assert list(tree.ended_files) == [(0, 1, Ending.OVERWRITTEN)]


def test_a_link_to_another_such_file_overwrites_too() -> None:
    """Whatever way the comparison goes."""
    tree = unhashed((file("a", b"12345"),), (file("x", b"12345"), hardlink("a", "x")))
    assert list(tree.ended_files) == [(0, 1, Ending.OVERWRITTEN)]


def test_none_repeats_another() -> None:
    """Several files without a digest are several contents."""
    assert measure_weight(unhashed((file("a", b"12345"), file("b", b"12345")), (file("c", b"12345"),))).repeated == 0
