"""Two names of one path are the same where Go's path.Clean makes them so, and otherwise only the same place."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layerscope.layers import anomaly
from layerscope.layers.entry import Anomaly
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.limits import Limits
from layerscope.layers.path import find_start, spell_name
from layerscope.layers.tar_scanner import TarScanner
from support.tar_member import TarMember, directory, file, opaque
from support.tar_writer import write_tar

NAMES = st.builds("/".join, st.lists(st.sampled_from(["..", "..", ".", "", "a", "b", "..a"]), min_size=1, max_size=7))
MOST_CLIMBS: Final = 4
"""With more, a name is told in part."""
KINDS = {anomaly.DUPLICATE_ENTRY, anomaly.RESPELLED_DUPLICATE}


def clean(name: str) -> str:
    """The name as Go's path.Clean leaves it: what Python does, without its second slash."""
    return posixpath.normpath(name).replace("//", "/")


@given(st.lists(NAMES.filter(bool), min_size=2, max_size=5))
@example(["l", "../l", "../../l", "/l", "q/../l", "/../l", "q/../../../l"])
def test_names_are_compared_as_docker_compares_them(names: list[str]) -> None:
    """In any order, with slashes, dots and parents anywhere."""
    told = [(found.path, found.kind) for found in find_repetitions(directory(name) for name in names)]
    repeated, spellings = list[tuple[str, str]](), defaultdict[str, set[str]](set)
    respelled: dict[str, None] = {}
    for name in map(clean, names):
        place = clean(f"/{name}").strip("/")
        if name in spellings[place]:
            repeated.append((place, anomaly.DUPLICATE_ENTRY))
        elif spellings[place]:
            respelled[place] = None
        spellings[place].add(name)
    assert told == [*repeated, *((place, anomaly.RESPELLED_DUPLICATE) for place in respelled)]


def find_repetitions(members: Iterable[TarMember]) -> list[Anomaly]:
    """What a layer names twice."""
    scanner = TarScanner(iter([write_tar(list(members))]), ExtractorSet(()), Limits())
    assert scanner.run() is None
    return [found for found in scanner.index().anomalies if found.kind in KINDS]


@pytest.mark.parametrize(
    ("members", "path", "detail"),
    [
        ([file("l"), file("/l"), file("../l"), file("/../l")], "l", "under 3 names (l, /l, ../l)"),
        ([file("../l"), file("q/../../l"), file("l")], "l", "under 2 names (../l, l)"),
        ([directory("./"), directory("../"), directory("/")], "", "under 3 names (., .., /)"),
        ([file("/l"), *(file("../" * climbs + "l") for climbs in range(9))], "l", "under 10 names (/l, l, ../l, …)"),
        ([file("l"), file("../" * 5 + "l")], "l", "under 2 names (l, ../../../../…/l)"),
        ([opaque("a"), opaque("../a")], "a", "under 2 names (a/.wh..wh..opq, ../a/.wh..wh..opq)"),
        ([opaque("."), opaque("/")], "", "under 2 names (.wh..wh..opq, /.wh..wh..opq)"),
    ],
)
def test_a_path_with_several_names_is_told_once_with_them(members: list[TarMember], path: str, detail: str) -> None:
    """As they are in the tar, so that they can be found there."""
    (found,) = [found for found in find_repetitions(members) if found.kind == anomaly.RESPELLED_DUPLICATE]
    assert (found.path, found.detail) == (path, detail)


@given(NAMES.filter(lambda name: find_start(name.encode()) <= MOST_CLIMBS))
def test_a_start_and_a_path_are_a_clean_name(name: str) -> None:
    """A slash, or as many parents as lead out of the root."""
    assert spell_name(clean(f"/{name}").strip("/"), find_start(name.encode())) == clean(name)
