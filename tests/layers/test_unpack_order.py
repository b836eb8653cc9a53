"""What cannot be unpacked for the order of a layer's entries is named, and what can is not."""

from array import array

import pytest
from hypothesis import given

from layerscope.layers import anomaly, unpack_order
from layerscope.layers.entry import EntryType
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex, find_runs
from layerscope.layers.limits import Limits
from layerscope.layers.tar_scanner import TarScanner
from layerscope.layers.unpack_order import UnpackOrder
from support.tar_member import TarMember, directory, file, hardlink, symlink
from support.unpack_cases import LOWER, PARTLY_REFUSED_CASES, REFUSED_CASES, TAKEN_CASES, Members, write_case
from support.wild_layers import Layers, wild_layers

ORDER_KINDS = {
    anomaly.DANGLING_HARDLINK,
    anomaly.BELOW_NO_DIRECTORY,
    anomaly.BELOW_SYMLINK,
    anomaly.LATE_WHITEOUT,
    anomaly.DUPLICATE_ENTRY,
}


def scan(members: Members) -> LayerIndex:
    """The index of a layer."""
    scanner = TarScanner(iter([write_case(members)]), ExtractorSet(()), Limits())
    assert scanner.run() is None
    return scanner.index()


def tell(members: Members) -> list[tuple[str, str, str]]:
    """Kind, path and detail of its anomalies."""
    return [(found.kind, found.path, found.detail) for found in scan(members).anomalies]


@pytest.mark.parametrize("name", [*REFUSED_CASES, *PARTLY_REFUSED_CASES])
def test_what_runtimes_refuse_is_named(name: str) -> None:
    """Each case is one that they refuse, for one reason."""
    kind, members = {**REFUSED_CASES, **PARTLY_REFUSED_CASES}[name]
    assert kind in {found.kind for found in scan(members).anomalies}


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


def test_very_many_names_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of directories costs no more than the ceiling, and then nothing is said of what lies in what."""
    monkeypatch.setattr(unpack_order, "_MOST_ANCESTORS", 100)
    deep = "/".join("d" * 60)
    assert tell([file(f"{deep}/x"), file("t"), file("t/u"), hardlink("h", "no")]) == [
        (anomaly.DANGLING_HARDLINK, "h", "to /no, which is not in its layer")
    ]


def test_very_many_links_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies behind more steps than the ceiling is not called refused."""
    monkeypatch.setattr(unpack_order, "_MOST_STEPS", 3)
    members: list[TarMember] = [symlink(f"l{number}", f"l{number + 1}/x/y") for number in range(20)]
    assert tell([*members, file("l0/x"), hardlink("h", "l0/y")]) == []


@given(wild_layers)
def test_any_order_of_entries_is_gone_through(layers: Layers) -> None:
    """Each refusal is about an entry of the layer, and no kind comes but those of the order."""
    for members in layers:
        index = scan(members)
        assert {found.kind for found in index.anomalies} <= ORDER_KINDS | {anomaly.EMPTY_SYMLINK}
        assert {found.path for found in index.anomalies} <= set(index.paths)


def test_a_plain_layer_is_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no hard links and no path is a directory and something else, entries cost nothing more."""
    monkeypatch.setattr(UnpackOrder, "_iter_stops", None)
    paths = ["d", "d/a", "d/b", "l"]
    types = bytearray([EntryType.DIRECTORY, EntryType.FILE, EntryType.FILE, EntryType.SYMLINK])
    order = UnpackOrder(paths, set(paths), types, {3: "d"}, array("I", find_runs(paths)))
    assert list(order.find_refusals()) == []
