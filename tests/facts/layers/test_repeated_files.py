"""Equal content at several visible paths."""

from layerscope.facts.layers.repeated_files import PAIRS, SMALLEST, Copy, RepeatedFiles, RepeatedFilesCollector
from support.contexts import collect, make_context
from support.tar_member import TarMember, file, hardlink, whiteout

BIG = b"x" * SMALLEST


def repeated(*layers: tuple[TarMember, ...]) -> tuple[RepeatedFiles, ...]:
    """The facts of these layers."""
    return collect(RepeatedFilesCollector, make_context(*layers)).of(RepeatedFiles)


def test_counts_copies_beyond_the_first() -> None:
    """In the layer that brings them, with the file that they equal."""
    (fact,) = repeated((file("opt/a", BIG),), (file("srv/a", BIG), file("srv/b", BIG)))
    assert (fact.layer, fact.files, fact.size) == (1, 2, 2 * SMALLEST)
    assert fact.largest[0] == Copy("srv/a", SMALLEST, 0, "opt/a")
    assert fact.folders[0].path == "srv"


def test_finds_copies_within_one_layer() -> None:
    """The first in the tar is the original."""
    (fact,) = repeated((file("b", BIG), file("a", BIG)))
    assert fact.largest == (Copy("a", SMALLEST, 0, "b"),)


def test_hard_links_are_no_copies() -> None:
    """They share their content."""
    assert repeated((file("a", BIG), hardlink("b", "a"))) == ()


def test_small_files_are_left_out() -> None:
    """A byte less than a block."""
    assert repeated((file("a", BIG[:-1]), file("b", BIG[:-1]))) == ()


def test_hidden_files_are_no_copies() -> None:
    """A file that moved in a later layer is there once."""
    assert repeated((file("a", BIG),), (whiteout("a"), file("b", BIG))) == ()


def test_names_the_largest_of_many() -> None:
    """Ties by path."""
    members = [file(f"a{number}", bytes([number]) * (SMALLEST + number)) for number in range(PAIRS + 5)]
    copies = [file(f"b{number}", bytes([number]) * (SMALLEST + number)) for number in range(PAIRS + 5)]
    (fact,) = repeated(tuple(members), tuple(copies))
    assert fact.files == PAIRS + 5
    assert [copy.path for copy in fact.largest] == [f"b{number}" for number in range(PAIRS + 4, 4, -1)]
