"""Two names of one path are the same where Go's path.Clean makes them so, and otherwise only the same place."""

import posixpath

from hypothesis import example, given
from hypothesis import strategies as st

from layerscope.layers import anomaly
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.limits import Limits
from layerscope.layers.path import ROOTED, find_start
from layerscope.layers.tar_scanner import TarScanner
from support.tar_member import directory
from support.tar_writer import write_tar

NAMES = st.builds("/".join, st.lists(st.sampled_from(["..", "..", ".", "", "a", "b", "..a"]), min_size=1, max_size=7))
KINDS = {anomaly.DUPLICATE_ENTRY, anomaly.RESPELLED_DUPLICATE}


def clean(name: str) -> str:
    """The name as Go's path.Clean leaves it: what Python does, without its second slash."""
    return posixpath.normpath(name).replace("//", "/")


@given(st.lists(NAMES.filter(bool), min_size=2, max_size=5))
@example(["l", "../l", "../../l", "/l", "q/../l", "/../l", "q/../../../l"])
def test_names_are_compared_as_docker_compares_them(names: list[str]) -> None:
    """In any order, with slashes, dots and parents anywhere."""
    scanner = TarScanner(iter([write_tar([directory(name) for name in names])]), ExtractorSet(()), Limits())
    assert scanner.run() is None
    told = [(found.path, found.kind) for found in scanner.index().anomalies if found.kind in KINDS]
    expected, cleaned, places = [], set[str](), set[str]()
    for name in map(clean, names):
        place = clean(f"/{name}").strip("/")
        if place in places:
            expected.append((place, anomaly.DUPLICATE_ENTRY if name in cleaned else anomaly.RESPELLED_DUPLICATE))
        cleaned.add(name)
        places.add(place)
    assert told == expected


@given(NAMES)
def test_a_start_and_a_path_are_a_clean_name(name: str) -> None:
    """A slash, or as many parents as lead out of the root."""
    start, place = find_start(name.encode()), clean(f"/{name}").strip("/")
    led = "/" + place if start == ROOTED else "/".join([".."] * start + [place] * bool(place)) or "."
    assert led == clean(name)
