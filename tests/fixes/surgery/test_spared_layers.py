"""Layers that stay bit for bit although something in them is hidden, and what that leaves of the others."""

from collections.abc import Sequence

import pytest

from layerscope.fixes.surgery.cut_planner import plan_cuts
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.rules.layer_edit import DropHidden, DropPath, LayerEdit
from support.edited_layers import drop_everything, make_tree
from support.tar_member import TarMember, directory, file, whiteout
from support.tar_writer import write_tar

LARGE = bytes(3_000_000)
LITTLE = bytes(5_600)


def plan(
    layers: Sequence[Sequence[TarMember]], *edits: LayerEdit, base_layers: int = 0, every_layer: bool = False
) -> ImageCuts:
    """The cuts of layers that are given by their members."""
    tree = make_tree([write_tar(layer) for layer in layers])
    return plan_cuts(tree, edits, base_layers=base_layers, every_layer=every_layer)


LAYERS = [
    [directory("lists"), file("lists/lock", LITTLE), file("usr", LARGE)],
    [directory("lists"), file("lists/packages", LARGE)],
    [whiteout("lists")],
]


def test_a_large_layer_is_not_written_anew_for_almost_nothing() -> None:
    """What it would give stays hidden by the whiteout; the layer that the edit is about gives all that it can."""
    cuts = plan(LAYERS, DropHidden("removed", 2))
    assert [bool(cut) for cut in cuts.layers] == [False, True, False]
    assert cuts.saved == len(LARGE)
    assert [(each.layer, sum(each.meant.values()), each.is_of_base) for each in cuts.spared] == [(0, 5_600, False)]
    assert cuts.left == ("layer 0 stays: only 5.6 kB of its 3.0 MB would go; --every-layer takes it",)


def test_a_directory_alone_is_no_reason_to_write_a_large_layer_anew() -> None:
    """Another layer named it again, and a third removed it."""
    base = [directory("lists"), directory("lists/partial"), file("usr", LARGE)]
    above = [directory("lists"), directory("lists/partial"), file("lists/packages", LARGE)]
    for removed in ("lists", "lists/partial"):
        cuts = plan([base, above, [whiteout(removed)]], *drop_everything(3))
        assert not cuts.layers[0]
        assert cuts.spared == ()


def test_every_layer_is_written_anew_where_that_is_wanted() -> None:
    """Then the whiteout hides nothing any more."""
    cuts = plan(LAYERS, DropHidden("removed", 2), every_layer=True)
    assert all(cuts.layers)
    assert cuts.saved == len(LARGE) + len(LITTLE)
    assert (cuts.left, cuts.spared) == ((), ())


@pytest.mark.parametrize("size", [31_000, 1_000_000])
def test_a_layer_that_gives_a_hundredth_or_a_megabyte_is_written_anew(size: int) -> None:
    """It is smaller by that in every pull."""
    cuts = plan([[file("a", bytes(size)), file("b", LARGE)], [whiteout("a")]], DropHidden("removed", 1))
    assert cuts.saved == size
    assert cuts.spared == ()


def test_a_small_layer_is_always_written_anew() -> None:
    """Below a megabyte nobody minds."""
    cuts = plan([[file("a", b"1"), file("b", bytes(900_000))], [whiteout("a")]], DropHidden("removed", 1))
    assert cuts.saved == 1


def test_what_a_named_base_image_has_stays() -> None:
    """However much it would give, and copies of it above stay what they are."""
    layers = [
        [file("a", LARGE), file("b", LARGE), file("c", LARGE)],
        [whiteout("a"), file("b", LARGE, mode=0o755), file("c", LARGE[1:]), file("d", LARGE)],
        [file("d", LARGE, mode=0o755)],
    ]
    cuts = plan(layers, *drop_everything(3), base_layers=1)
    assert not cuts.layers[0]
    assert cuts.saved == len(LARGE)
    assert cuts.left == ("layer 0 is of the base image and stays, with 9.0 MB that is hidden; --every-layer takes it",)
    assert plan(layers, *drop_everything(3), base_layers=1, every_layer=True).saved == 4 * len(LARGE)


def test_for_attributes_of_small_copies_a_large_layer_is_not_written_anew() -> None:
    """The copy stays where it is, with what it says of owner and mode."""
    layers = [[file("a", LITTLE), file("b", LARGE)], [file("a", LITTLE, mode=0o755), file("c")]]
    cuts = plan(layers, DropHidden("metadata", 1))
    assert cuts.is_idle
    assert cuts.saved == 0


def test_a_large_layer_is_not_written_anew_for_whiteouts_alone() -> None:
    """They hide nothing, which harms nobody."""
    cuts = plan([[file("a", LARGE)], [whiteout("a"), file("b", LARGE)]], DropHidden("removed", 1))
    assert [len(cut.dropped) for cut in cuts.layers] == [1, 0]


def test_a_layer_that_changes_anyhow_gives_the_little_too() -> None:
    """A path that is to go from every layer makes it another one."""
    cuts = plan(LAYERS, DropHidden("removed", 2), DropPath("usr"), base_layers=1)
    assert cuts.saved == 2 * len(LARGE) + len(LITTLE)
    assert cuts.spared == ()


def test_nothing_is_changed_where_all_is_the_base_images() -> None:
    """The cuts say so."""
    cuts = plan(LAYERS, DropHidden("removed", 2), base_layers=3)
    assert cuts.is_idle
    assert cuts.saved == 0
