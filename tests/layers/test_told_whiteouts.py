"""Whiteouts that cannot be unpacked are told for what they are: the path that is told is what they act on."""

import pytest

from layerscope.layers import anomaly
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.limits import Limits
from layerscope.layers.tar_scanner import TarScanner
from support.tar_member import file, opaque, symlink, whiteout
from support.unpack_cases import Members, write_case


@pytest.mark.parametrize(
    ("members", "kind", "path", "detail"),
    [
        ([file("a"), whiteout("a/b")], anomaly.WHITEOUT_BELOW_NO_DIRECTORY, "a/b", "its whiteout, below /a"),
        ([symlink("a", "no"), whiteout("a/b")], anomaly.BELOW_SYMLINK, "a/b", "its whiteout, below /a, a link to no"),
        ([symlink("a", "no"), opaque("a")], anomaly.BELOW_SYMLINK, "a", "its opaque whiteout; /a is a link to no"),
        ([symlink("a", "a"), opaque("a")], anomaly.BELOW_NO_DIRECTORY, "a", "its opaque whiteout; /a is a link to a"),
        (
            [symlink("a", "no"), opaque("a/b")],
            anomaly.BELOW_SYMLINK,
            "a/b",
            "its opaque whiteout, below /a, a link to no",
        ),
        ([file("a"), opaque("a/b")], anomaly.BELOW_NO_DIRECTORY, "a/b", "its opaque whiteout, below /a"),
    ],
)
def test_a_whiteout_is_told_with_what_is_in_its_way(members: Members, kind: str, path: str, detail: str) -> None:
    """An opaque one is of the directory that it marks, not below it."""
    scanner = TarScanner(iter([write_case(members)]), ExtractorSet(()), Limits())
    assert scanner.run() is None
    (found,) = scanner.index().anomalies
    assert (found.kind, found.path, found.detail) == (kind, path, detail)
