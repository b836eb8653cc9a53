"""Tests of the weight of layers."""

from layerscope.filesystem.weight import LayerWeight, measure_weight
from support.indexes import merged
from support.tar_member import directory, file, hardlink, symlink, whiteout


def test_untouched_layers_are_all_visible() -> None:
    """Nothing is lost where nothing is changed."""
    weight = measure_weight(merged([file("a", b"12345")], [directory("d"), file("d/b", b"123")]))
    assert (weight.total, weight.visible, weight.hidden, weight.removed, weight.repeated) == (8, 8, 0, 0, 0)
    assert (weight.efficiency, weight.wasted, weight.dive_wasted) == (1.0, 0, 0)


def test_overwritten_bytes_are_hidden() -> None:
    """The lower of two contents is hidden, and the upper layer is what hides it."""
    weight = measure_weight(merged([file("a", b"12345")], [file("a", b"123")]))
    assert weight.layers == (
        LayerWeight(total=5, visible=0, hidden=5, removed=0, repeated=0, metadata_copies=0, hides=0),
        LayerWeight(total=3, visible=3, hidden=0, removed=0, repeated=0, metadata_copies=0, hides=5),
    )


def test_removed_bytes_are_removed() -> None:
    """What a whiteout takes, or a file in a directory's place, is removed."""
    weight = measure_weight(merged([file("a", b"12345"), file("d/b", b"12")], [whiteout("a"), file("d", b"1")]))
    assert (weight.total, weight.visible, weight.hidden, weight.removed) == (8, 1, 0, 7)


def test_same_content_again_is_a_metadata_copy() -> None:
    """A chmod in a layer of its own ships the file twice."""
    weight = measure_weight(merged([file("a", b"12345")], [file("a", b"12345", mode=0o600)]))
    assert (weight.hidden, weight.metadata_copies, weight.layers[0].metadata_copies) == (5, 5, 5)


def test_equal_content_elsewhere_is_repeated_beyond_the_first() -> None:
    """Of three equal files two are repeated, each in its own layer; empty files are not."""
    tree = merged([file("a", b"12345"), file("e")], [file("b", b"12345"), file("c", b"12345"), file("f")])
    weight = measure_weight(tree)
    assert (weight.visible, weight.repeated, [layer.repeated for layer in weight.layers]) == (15, 10, [0, 10])


def test_hidden_content_is_not_repeated() -> None:
    """Only what the container sees can be repeated there."""
    weight = measure_weight(merged([file("a", b"12345")], [whiteout("a"), file("b", b"12345")]))
    assert (weight.repeated, weight.removed) == (0, 5)


def test_hard_links_cost_nothing() -> None:
    """Several names of one content count it once."""
    weight = measure_weight(merged([file("a", b"12345"), hardlink("b", "a"), hardlink("c", "a")]))
    assert (weight.total, weight.visible, weight.repeated) == (5, 5, 0)


def test_content_seen_through_a_hard_link_stays_visible() -> None:
    """A removed name does not remove the content of the others."""
    weight = measure_weight(merged([file("a", b"12345"), hardlink("b", "a")], [whiteout("a")]))
    assert (weight.visible, weight.removed) == (5, 0)


def test_file_repeated_in_its_layer_is_hidden_by_nobody_else() -> None:
    """A duplicate entry is hidden, but its layer does not hide lower bytes."""
    layer = measure_weight(merged([file("a", b"12345"), file("a", b"123")])).layers[0]
    assert (layer.total, layer.visible, layer.hidden, layer.hides) == (8, 3, 5, 0)


def test_links_and_directories_weigh_nothing() -> None:
    """Only file content counts."""
    assert measure_weight(merged([directory("d"), symlink("s", "d")], [whiteout("s")])).total == 0


def test_empty_image_is_efficient() -> None:
    """Without bytes nothing is wasted."""
    weight = measure_weight(merged())
    assert (weight.total, weight.efficiency, weight.layers) == (0, 1.0, ())
