"""What cannot be unpacked for the order of a layer's entries is named, and what can is not."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.filesystem.links import LinkFailure, resolve_path
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.layers import anomaly, unpack_order
from layerscope.layers.entry import Entry, EntryType
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex, find_runs
from layerscope.layers.limits import PATH_MAX, Limits
from layerscope.layers.own_symlinks import STEP, TooManyStepsError
from layerscope.layers.tar_scanner import TarScanner
from layerscope.layers.unpack_order import UnpackOrder
from support.tar_member import Kind, TarMember, directory, file, hardlink, symlink, whiteout
from support.unpack_cases import (
    LOWER,
    PARTLY_REFUSED_CASES,
    REFUSED_BUT_BY_PODMAN_CASES,
    REFUSED_BY_CONTAINERD_CASES,
    REFUSED_CASES,
    TAKEN_CASES,
    Members,
    write_case,
)
from support.wild_layers import Layers, wild_layers, wild_members

ORDER_KINDS = {
    anomaly.DANGLING_HARDLINK,
    anomaly.BELOW_NO_DIRECTORY,
    anomaly.BELOW_SYMLINK,
    anomaly.LATE_WHITEOUT,
    anomaly.DUPLICATE_ENTRY,
    anomaly.REPLACED_DIRECTORY,
    anomaly.OPAQUE_NO_DIRECTORY,
    anomaly.WHITEOUT_BELOW_NO_DIRECTORY,
}

ALL_REFUSED = {
    **REFUSED_CASES,
    **PARTLY_REFUSED_CASES,
    **REFUSED_BY_CONTAINERD_CASES,
    **REFUSED_BUT_BY_PODMAN_CASES,
}

UNCOMPARED = {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}
"""Devices of the number zero are whiteouts of overlayfs, which a tree does not show."""


UNCHECKED = (anomaly.UNCHECKED_ORDER, "", "")


def scan(members: Members) -> LayerIndex:
    """The index of a layer."""
    scanner = TarScanner(iter([write_case(members)]), ExtractorSet(()), Limits())
    assert scanner.run() is None
    return scanner.index()


def tell(members: Members) -> list[tuple[str, str, str]]:
    """Kind, path and detail of its anomalies."""
    return [(found.kind, found.path, found.detail) for found in scan(members).anomalies]


@pytest.mark.parametrize("name", ALL_REFUSED)
def test_what_runtimes_refuse_is_named(name: str) -> None:
    """Each case is one that they refuse, for one reason."""
    kind, members = ALL_REFUSED[name]
    told = {found.kind for found in scan(members).anomalies}
    assert told & (anomaly.REFUSED | {anomaly.DUPLICATE_ENTRY}) == {kind}


@pytest.mark.parametrize("name", TAKEN_CASES)
def test_what_runtimes_take_is_not_called_refused(name: str) -> None:
    """The nearest neighbours of what they refuse are told for what they are."""
    kinds, members = TAKEN_CASES[name]
    found = scan(members).anomalies
    assert {each.kind for each in found} == kinds
    assert not any(each.kind in anomaly.REFUSED for each in found)


def test_the_layer_below_is_plain() -> None:
    """What the cases lie on has nothing to be told."""
    assert tell(LOWER) == []


def test_hard_links_are_told_with_what_they_miss() -> None:
    """Where they lead, and why nothing can be linked there."""
    members = [
        hardlink("h1", "h1"),
        directory("d"),
        hardlink("h2", "d"),
        hardlink("h3", "late"),
        hardlink("h4", "x/y"),
        file("late"),
    ]
    assert tell(members) == [
        (anomaly.DANGLING_HARDLINK, "h1", "to itself"),
        (anomaly.DANGLING_HARDLINK, "h2", "to the directory /d"),
        (anomaly.DANGLING_HARDLINK, "h3", "to /late, which comes later"),
        (anomaly.DANGLING_HARDLINK, "h4", "to /x/y, which is not in its layer"),
    ]


def test_entries_are_told_with_what_they_lie_below() -> None:
    """The path in their way, and where it leads."""
    assert tell([file("t"), file("t/a/b"), symlink("l", "etc"), file("l/x")]) == [
        (anomaly.BELOW_NO_DIRECTORY, "t/a/b", "below /t"),
        (anomaly.BELOW_SYMLINK, "l/x", "below /l, a link to etc"),
    ]


def test_a_hard_link_below_a_symlink_is_told_for_its_target_too() -> None:
    """Where that is missing, nobody takes it; where it is there, containerd does."""
    assert tell([symlink("d", "m"), hardlink("d/b", "d/a")]) == [
        (anomaly.DANGLING_HARDLINK, "d/b", "to /d/a, which is not in its layer")
    ]
    assert tell([symlink("d", "m"), file("t"), hardlink("d/b", "t")]) == [
        (anomaly.BELOW_SYMLINK, "d/b", "below /d, a link to m")
    ]


def test_what_containerd_puts_below_a_symlink_is_in_the_way_of_more() -> None:
    """It makes the directory that is missing, and refuses what comes then as anywhere."""
    below = (anomaly.BELOW_SYMLINK, "d/a", "below /d, a link to m")
    link = [symlink("d", "m"), file("d/a")]
    assert tell([*link, file("d/a/x")]) == [below, (anomaly.BELOW_NO_DIRECTORY, "d/a/x", "below /m/a")]
    assert tell([*link, whiteout("d/a")]) == [below, (anomaly.LATE_WHITEOUT, "d/a", "")]


def test_very_many_names_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of directories costs no more than the ceiling, and then it is told that the order is not known."""
    monkeypatch.setattr(unpack_order, "_MOST_IMPLIED", 100)
    deep = "/".join("d" * 60)
    assert tell([file(f"{deep}/x"), file("t"), file("t/u"), hardlink("h", "no")]) == [UNCHECKED]


def test_named_directories_have_no_ceiling_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept for them, so that a layer in order is looked at however large it is."""
    monkeypatch.setattr(unpack_order, "_MOST_IMPLIED", 100)
    deep = [directory("/".join("d" * depth)) for depth in range(1, 60)]
    assert tell([*deep, file(f"{deep[-1].name}/x")]) == []


def test_very_many_links_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies behind more steps than the ceiling is not called refused."""
    monkeypatch.setattr(unpack_order, "_MOST_STEPS", 3)
    members: list[TarMember] = [symlink(f"l{number}", f"l{number + 1}/x/y") for number in range(20)]
    assert tell([*members, file("l0/x"), hardlink("h", "l0/y")]) == [UNCHECKED]


@pytest.mark.parametrize("made", [(file("m/y"),), ()])
def test_what_is_made_behind_a_symlink_goes_with_what_it_lies_in(made: tuple[TarMember, ...]) -> None:
    """Also where that came into being after it: nothing can be linked to it, and its whiteout is not late."""
    behind = [symlink("d", "m"), file("d/x"), *made, file("m")]
    told = {(kind, path) for kind, path, _ in tell([*behind, hardlink("h", "m/x")])}
    assert (anomaly.DANGLING_HARDLINK, "h") in told
    assert anomaly.LATE_WHITEOUT not in [kind for kind, _, _ in tell([*behind, directory("/m"), whiteout("m/x")])]


def test_whiteouts_are_not_called_late_by_their_names_where_paths_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there when the work ends is not known, and that is all that is told."""
    members = [file("k/x"), file("k"), directory("/k"), whiteout("k/x")]
    for steps in range(0, 2000, 10):
        monkeypatch.setattr(unpack_order, "_MOST_STEPS", steps)
        assert anomaly.LATE_WHITEOUT not in [kind for kind, _, _ in tell(members)]


def test_late_whiteouts_are_told_once_wherever_the_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """None twice, and none that was not come to; but where no path is replaced, all of them, by their names."""
    links = [directory("d"), symlink("l0", "d"), *(symlink(f"l{number}", f"l{number - 1}") for number in range(1, 9))]
    members = [file("w"), whiteout("w"), *links, file("l8/x"), file("v"), whiteout("v")]
    ends = set()
    for steps in range(0, 6000, 50):
        monkeypatch.setattr(unpack_order, "_MOST_STEPS", steps)
        kinds = [kind for kind, _, _ in tell(members)]
        ends.add((kinds.count(anomaly.UNCHECKED_ORDER), kinds.count(anomaly.LATE_WHITEOUT)))
        unlinked = [file("w"), whiteout("w"), hardlink("h", "t"), file("v"), whiteout("v")]
        assert [kind for kind, _, _ in tell(unlinked)].count(anomaly.LATE_WHITEOUT) == 2
    assert ends == {(1, 0), (1, 1), (0, 2)}


def order_of(paths: list[str], kinds: Sequence[EntryType], links: Mapping[int, str]) -> UnpackOrder:
    """The order of entries that are given as columns."""
    return UnpackOrder(paths, set(paths), bytearray(kinds), links, array("I", find_runs(paths)))


def test_a_hard_link_to_a_symlink_is_a_symlink() -> None:
    """What lies below it is where the symlink leads; and where that is nothing, it is told."""
    links = [symlink("s", "d"), hardlink("s2", "s")]
    assert (
        tell([directory("d"), file("d/f"), *links, hardlink("h", "s2/f"), file("s2/new"), hardlink("i", "d/new")]) == []
    )
    assert tell([*links, file("s2/new")]) == [(anomaly.BELOW_SYMLINK, "s2/new", "below /s2, a link to d")]


def test_a_symlink_that_was_made_through_a_symlink_is_where_that_leads() -> None:
    """It is found by both its names, and only from there on."""
    made = [directory("d"), symlink("lnk", "d"), directory("e"), symlink("lnk/s", "/e")]
    assert tell([*made, file("lnk/s/x"), file("d/s/y"), hardlink("h", "e/x"), hardlink("lnk/s/z", "e/y")]) == []
    assert tell([*made, hardlink("h", "d/s/late"), file("e/late")]) == [
        (anomaly.DANGLING_HARDLINK, "h", "to /d/s/late, which comes later")
    ]


def test_a_symlink_that_comes_later_is_not_followed() -> None:
    """A hard link through it finds nothing yet."""
    assert tell([directory("d"), file("d/t"), hardlink("h", "lnk/t"), symlink("lnk", "d")]) == [
        (anomaly.DANGLING_HARDLINK, "h", "to /lnk/t, which is not in its layer")
    ]


def test_what_lies_below_a_file_that_came_through_a_symlink_is_told() -> None:
    """The file is where the symlink leads."""
    assert tell([directory("d"), symlink("lnk", "d"), file("lnk/f"), file("d/f/x")]) == [
        (anomaly.BELOW_NO_DIRECTORY, "d/f/x", "below /d/f")
    ]


def test_a_hard_link_through_links_that_lead_round_is_told() -> None:
    """There is no way to what it names."""
    assert tell([symlink("a", "b"), symlink("b", "a"), file("t"), hardlink("h", "a/t")]) == [
        (anomaly.DANGLING_HARDLINK, "h", "to /a/t, which is not in its layer")
    ]


def test_what_a_symlink_took_the_place_of_is_gone() -> None:
    """All that lay in the directory went with it, and its links with that."""
    members = [file("d/f"), symlink("d/s", "/e"), directory("e"), symlink("d", "e"), hardlink("h", "d/f")]
    assert tell([*members, file("d/s/x")]) == [(anomaly.DANGLING_HARDLINK, "h", "to /d/f, which is not in its layer")]
    assert tell([file("d/f"), symlink("d", "."), file("d/x"), hardlink("h", "d/f"), hardlink("i", "d/x")]) == [
        (anomaly.DANGLING_HARDLINK, "h", "to /d/f, which is not in its layer")
    ]


def test_a_hard_link_that_takes_the_place_of_what_it_leads_into_is_told() -> None:
    """Runtimes remove what is there before they link."""
    assert tell([file("d/f"), hardlink("d", "d/f")]) == [
        (anomaly.DANGLING_HARDLINK, "d", "to /d/f, which is replaced by then")
    ]


def test_removing_directories_costs_what_is_removed() -> None:
    """However many others there are, the work for each entry stays the same."""
    others, pairs = [f"z{number}" for number in range(30_000)], 60
    paths = others + [path for number in range(pairs) for path in (f"x{number}/s", f"x{number}")]
    kinds = [EntryType.DIRECTORY] * len(others) + [EntryType.DIRECTORY, EntryType.FILE] * pairs
    order = order_of(paths, kinds, {})
    allowed = order.steps.left
    lost = [(anomaly.REPLACED_DIRECTORY, len(others) + 2 * number) for number in range(pairs)]
    assert [(kind, position) for kind, position, _ in order.find_refusals()] == lost
    assert allowed - order.steps.left < 20 * STEP * len(paths)


def test_a_hundred_thousand_replaced_directories_are_told() -> None:
    """Half of all entries take the place of what the others lie in."""
    pairs = 100_000
    paths = [path for number in range(pairs) for path in (f"x{number}/s", f"x{number}")]
    order = order_of(paths, [EntryType.DIRECTORY, EntryType.FILE] * pairs, {})
    assert sum(kind == anomaly.REPLACED_DIRECTORY for kind, _, _ in order.find_refusals()) == pairs


def test_lost_directories_are_told_where_the_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that nothing to come can bring back: wherever the work ends, none is told that is there in the end."""
    names = ["p", "q", "r"]
    lost = [each for name in names for each in (directory(f"{name}/s"), file(name))]
    again = [directory("d/s"), file("d"), *lost, directory("/d"), directory("/d/s")]
    whole = {told for told in tell(again) if told[0] == anomaly.REPLACED_DIRECTORY}
    assert {path for _, path, _ in whole} == {f"{name}/s" for name in names}
    counts = set()
    for steps in range(0, 6000, 20):
        monkeypatch.setattr(unpack_order, "_MOST_STEPS", steps)
        told = set(tell(again)) - {UNCHECKED}
        losses = {each for each in told if each[0] == anomaly.REPLACED_DIRECTORY}
        assert losses <= whole
        counts.add((len(losses), UNCHECKED in tell(again)))
    assert {(0, True), (1, True), (2, True), (3, True), (3, False)} <= counts


@settings(max_examples=200)
@given(st.lists(wild_members(), min_size=2, max_size=12), st.integers(0, 6000))
def test_no_directory_is_told_as_lost_before_it_is(members: Sequence[TarMember], steps: int) -> None:
    """Wherever the work ends, what is told as lost then is lost in the end."""
    index = scan(members)
    columns = index.paths, [EntryType(kind) for kind in index.types], index.links
    whole = {(kind, position) for kind, position, _ in order_of(*columns).find_refusals()}
    order, found = order_of(*columns), set[tuple[str, int]]()
    order.steps.left = steps
    with suppress(TooManyStepsError):
        found.update((kind, position) for kind, position, _ in order.find_refusals())
    assert found <= whole


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        (whiteout("f/x"), anomaly.WHITEOUT_BELOW_NO_DIRECTORY),
        (file("f/x"), anomaly.BELOW_NO_DIRECTORY),
        (file("f/x/y"), anomaly.BELOW_NO_DIRECTORY),
    ],
)
def test_what_was_refused_below_a_file_goes_with_it(refused: TarMember, kind: str) -> None:
    """A whiteout in the directory that comes in its place is not late, for nothing is there."""
    told = [found.kind for found in scan([file("f"), refused, directory("/f"), whiteout("/f/x")]).anomalies]
    assert [each for each in told if each in anomaly.REFUSED] == [kind]


def test_whiteouts_of_one_name_are_told_though_nothing_is_there() -> None:
    """Podman, which leaves them out below a file, refuses a name that comes twice."""
    below = (anomaly.WHITEOUT_BELOW_NO_DIRECTORY, "f/x", "its whiteout, below /f")
    assert tell([file("f"), whiteout("f/x"), whiteout("f/x")]) == [
        below,
        below,
        (anomaly.DUPLICATE_ENTRY, "f/x", "its whiteout"),
    ]
    assert tell([whiteout("x"), whiteout("x")]) == [(anomaly.LATE_WHITEOUT, "x", "named twice")]


@pytest.mark.parametrize("shape", ["hard links", "entries in new folders", "links that change"])
def test_hostile_layers_are_left_at_the_ceiling(shape: str) -> None:
    """Names are counted with their characters: the last entry, a hard link to nothing, is not come to."""
    paths, kinds, links = hostile_columns(shape)
    order = order_of([*paths, "last"], [*kinds, EntryType.HARDLINK], {**links, len(paths): "no"})
    with pytest.raises(TooManyStepsError):
        list(order.find_refusals())
    assert order.steps.left > -2 * PATH_MAX - STEP


def hostile_columns(shape: str) -> tuple[list[str], list[EntryType], dict[int, str]]:
    """Layers that ask for more than the ceiling, with no entry that is refused before."""
    long = "/".join(["p" * 250] * 15)
    match shape:
        case "hard links":
            count = 40_000
            paths = [long + "/t", "l", *(f"l/t{number}/x" for number in range(count)), *map(str, range(count))]
            kinds = [EntryType.FILE, EntryType.SYMLINK, *[EntryType.FILE] * count, *[EntryType.HARDLINK] * count]
            return paths, kinds, {1: long, **{count + 2 + number: f"l/t{number}/x" for number in range(count)}}
        case "entries in new folders":
            count = 50_000
            paths = [long + "/t", "l", *(f"l/{number}/x" for number in range(count))]
            return paths, [EntryType.FILE, EntryType.SYMLINK, *[EntryType.FILE] * count], {1: long}
        case _:
            count = 250_000
            paths = ["d", *["l", "l/x"] * count]
            kinds = [EntryType.DIRECTORY, *[EntryType.SYMLINK, EntryType.FILE] * count]
            return paths, kinds, {1 + 2 * number: "d" if number % 2 else "./d" for number in range(count)}


@given(wild_layers)
def test_any_order_of_entries_is_gone_through(layers: Layers) -> None:
    """Each refusal is about an entry of the layer, and no kind comes but those of the order."""
    for members in layers:
        index = scan(members)
        assert {found.kind for found in index.anomalies} <= ORDER_KINDS | {anomaly.EMPTY_SYMLINK}
        assert {found.path for found in index.anomalies} <= set(index.paths)


@settings(max_examples=200)
@given(st.lists(wild_members(), min_size=2, max_size=12))
def test_the_first_refusal_is_that_of_a_runtime(members: Sequence[TarMember]) -> None:
    """The tree of what came before shows, by itself, whether an entry can be put into it."""
    plain = [member for member in members if is_compared(member)]
    index = scan(plain)
    found = next(
        iter(order_of(index.paths, [EntryType(kind) for kind in index.types], index.links).find_refusals()), None
    )
    each = (expect(plain, position) for position in range(len(plain)))
    expected = next((told for told in chain(each, expect_losses(plain)) if told is not None), None)
    assert (None if found is None else (found.position, found.kind)) == expected


def is_compared(member: TarMember) -> bool:
    """Marks against lower layers are not in a tree; nor is it told that a link goes up from a missing folder."""
    return member.kind not in UNCOMPARED and ".wh." not in member.name and "/../" not in member.link


def expect(members: Members, position: int) -> tuple[int, str] | None:
    """Position and kind of what a runtime refuses in the tree of the members before, if it refuses the next one."""
    tree, entry = merge_layers([scan(members[:position])]), scan(members)[position]
    kind = find_obstacle(tree, entry.path)
    is_reached = kind in {None, anomaly.BELOW_SYMLINK}
    if is_reached and entry.type is EntryType.HARDLINK and not is_linkable(tree, entry):
        kind = anomaly.DANGLING_HARDLINK
    return None if kind is None else (position, kind)


def find_obstacle(tree: MergedTree, path: str) -> str | None:
    """What is wrong with what a path lies in."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        directory = "/".join(parts[:depth])
        reached = resolve_path(directory, tree.get, follow_last=True)
        if reached.failure is None:
            if reached.node is not None and reached.node.type is not EntryType.DIRECTORY:
                return anomaly.BELOW_NO_DIRECTORY
        elif reached.failure is LinkFailure.MISSING:
            is_link = resolve_path(directory, tree.get, follow_last=False).node is not None
            return anomaly.BELOW_SYMLINK if is_link else None
        else:
            return anomaly.BELOW_NO_DIRECTORY
    return None


def is_linkable(tree: MergedTree, entry: Entry) -> bool:
    """Whether a hard link's target is a file that stays when the link takes its place."""
    target = resolve_path(entry.link or "", tree.get, follow_last=False).node
    place = resolve_path(entry.path, tree.get, follow_last=False).node
    is_gone = target is not None and place is not None and f"{target.path}/".startswith(f"{place.path}/")
    return target is not None and not is_gone and target.type is not EntryType.DIRECTORY


def expect_losses(members: Members) -> Iterator[tuple[int, str]]:
    """The directories that are not there in the end."""
    index = scan(members)
    tree = merge_layers([index])
    for position, entry in enumerate(index):
        found = resolve_path(entry.path, tree.get, follow_last=True)
        if entry.type is EntryType.DIRECTORY and (found.failure is not None or found.node is None):
            yield position, anomaly.REPLACED_DIRECTORY


def test_a_plain_layer_is_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hard links come after their files and no path is a directory and something else, nothing is unpacked."""
    monkeypatch.setattr(UnpackOrder, "_unpack", None)
    kinds = [EntryType.DIRECTORY, EntryType.FILE, EntryType.HARDLINK, EntryType.SYMLINK]
    order = order_of(["d", "d/a", "d/b", "l"], kinds, {2: "d/a", 3: "d"})
    assert list(order.find_refusals()) == []
