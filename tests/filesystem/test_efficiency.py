"""Tests of dive's efficiency score and wasted bytes; the expected numbers follow dive's rules by hand."""

from layerscope.filesystem.efficiency import Efficiency, measure_efficiency
from support.indexes import merged
from support.tar_member import directory, file, hardlink, whiteout


def test_overwritten_file_wastes_both_sizes() -> None:
    """A path met twice costs the smaller size only, and wastes the sum."""
    tree = merged([file("a", bytes(100)), file("b", bytes(50))], [file("a", bytes(80))])
    assert measure_efficiency(tree) == Efficiency((80 + 50) / (100 + 80 + 50), 180)


def test_removed_file_wastes_its_size() -> None:
    """A whiteout is a visit of size 0."""
    assert measure_efficiency(merged([file("a", bytes(100))], [whiteout("a")])) == Efficiency(0.0, 100)


def test_removed_directory_counts_again_but_is_not_wasted() -> None:
    """The whiteout's path has the size of all below, and was met once."""
    tree = merged([directory("d"), file("d/a", bytes(100)), file("d/b", bytes(20))], [whiteout("d")])
    assert measure_efficiency(tree) == Efficiency(1.0, 0)


def test_directory_removed_twice_is_wasted() -> None:
    """Both whiteouts count what they removed."""
    lower = [directory("d"), file("d/a", bytes(100))]
    again = [directory("d"), file("d/b", bytes(30))]
    tree = merged(lower, [whiteout("d")], again, [whiteout("d")])
    assert measure_efficiency(tree) == Efficiency((100 + 30 + 30) / (100 + 30 + 130), 130)


def test_file_below_a_removed_directory_that_comes_back_is_wasted() -> None:
    """The file's path was met in two layers."""
    tree = merged([directory("d"), file("d/a", bytes(100))], [whiteout("d")], [directory("d"), file("d/a", bytes(60))])
    assert measure_efficiency(tree) == Efficiency((60 + 100) / (160 + 100), 160)


def test_whiteout_of_an_implied_directory_has_no_size() -> None:
    """Dive takes a directory that no entry names for a file."""
    tree = merged([file("d/a", bytes(100))], [whiteout("d")])
    assert measure_efficiency(tree) == Efficiency(1.0, 0)


def test_hard_link_has_size_zero() -> None:
    """A hard link over a file is a visit of size 0."""
    tree = merged([file("a", bytes(100))], [file("x", bytes(10)), hardlink("a", "x")])
    assert measure_efficiency(tree) == Efficiency(10 / 110, 100)


def test_repeated_entry_of_one_layer_counts_once() -> None:
    """Dive keeps the last entry of a path in a layer."""
    assert measure_efficiency(merged([file("a", bytes(100)), file("a", bytes(60))])) == Efficiency(1.0, 0)


def test_metadata_copy_is_wasted() -> None:
    """The same content again counts like any other."""
    tree = merged([file("a", bytes(100))], [file("a", bytes(100), mode=0o600)])
    assert measure_efficiency(tree) == Efficiency(0.5, 200)
