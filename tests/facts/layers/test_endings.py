"""Hidden files are grouped by the step that hid them, and how."""

from hypothesis import given

from layerscope.facts.layers.endings import EndedFiles, EndedFilesCollector, _group_ended
from layerscope.facts.layers.origins import Maker, Origin
from support.contexts import collect, make_context
from support.indexes import merged
from support.strategies import stacks
from support.tar_member import TarMember, directory, file, hardlink, opaque, whiteout

LOWER = (
    directory("opt"),
    file("opt/removed", b"r" * 100),
    file("opt/replaced", b"o" * 200),
    file("opt/touched", b"t" * 400),
    file("opt/kept", b"k" * 800),
)


def endings(*layers: tuple[TarMember, ...]) -> dict[tuple[int, str], EndedFiles]:
    """Facts by layer and ending."""
    context = make_context(*layers, steps=[f"RUN step-{number}" for number in range(len(layers))])
    return {(fact.layer, fact.ending): fact for fact in collect(EndedFilesCollector, context).of(EndedFiles)}


def test_tells_removed_replaced_and_touched_files_apart() -> None:
    """Each with its bytes, the step that ended it, and the one that made it."""
    upper = (whiteout("opt/removed"), file("opt/replaced", b"n" * 50), file("opt/touched", b"t" * 400, mode=0o600))
    found = endings(LOWER, upper)
    assert {key: (fact.files, fact.size) for key, fact in found.items()} == {
        (1, "removed"): (1, 100),
        (1, "overwritten"): (1, 200),
        (1, "metadata"): (1, 400),
    }
    removed = found[1, "removed"]
    assert removed.instruction == "RUN step-1"
    assert removed.origins == (Origin(0, 1, 100, "RUN step-0", Maker.STEP),)
    assert [(folder.layer, folder.path) for folder in removed.folders] == [(0, "opt")]


def test_counts_everything_below_a_removed_directory() -> None:
    """A whiteout of a directory, or an opaque one, takes all of it."""
    assert endings(LOWER, (whiteout("opt"),))[1, "removed"].size == 1500
    assert endings(LOWER, (directory("opt"), opaque("opt")))[1, "removed"].size == 1500


def test_a_directory_in_a_files_place_removes_it() -> None:
    """And a file in a directory's place all that was in that."""
    assert endings(LOWER, (directory("opt/removed"),))[1, "removed"].size == 100
    assert endings(LOWER, (file("opt", b"file"),))[1, "removed"].size == 1500


def test_each_copy_counts_where_it_is_ended() -> None:
    """Three versions waste two."""
    found = endings((file("a", b"1"),), (file("a", b"22"),), (file("a", b"333"),))
    assert {key: fact.size for key, fact in found.items()} == {(1, "overwritten"): 1, (2, "overwritten"): 2}


def test_content_that_a_hard_link_keeps_is_not_wasted() -> None:
    """The container reads it under the other name."""
    assert endings(LOWER, (hardlink("opt/again", "opt/removed"),), (whiteout("opt/removed"),)) == {}


def test_a_path_twice_in_one_layer_is_not_ended_by_another() -> None:
    """That is an anomaly of the layer."""
    assert endings((file("a", b"1"), file("a", b"22"))) == {}


def test_empty_files_cost_nothing() -> None:
    """And are not counted."""
    assert endings((file("a"),), (whiteout("a"),)) == {}


@given(stacks())
def test_finds_what_the_tree_says_is_hidden(stack: list[list[TarMember]]) -> None:
    """The quick way over the columns and the tree's own list agree on any image."""
    tree = merged(*stack)
    slow: dict[tuple[int, str], int] = {}
    for hidden in tree.hidden:
        if hidden.size and hidden.by_layer != hidden.layer:
            key = (hidden.by_layer, hidden.ending.value)
            slow[key] = slow.get(key, 0) + hidden.size
    quick = {
        (layer, ending.value): sum(sum(files.sizes) for files in lists)
        for (layer, ending), lists in _group_ended(tree).items()
    }
    assert quick == slow
