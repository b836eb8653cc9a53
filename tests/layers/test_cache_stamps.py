"""Stored bytes are known by their stamp, as long as nothing can have changed."""

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.image.layer import Stamp
from layerscope.layers.cache import RACY_NS
from support.cache_contents import BLOB, DIFF_ID, STAMP, open_cache


def test_a_stamp_comes_back(tmp_path: Path) -> None:
    """Unchanged bytes are known by their digest."""
    open_cache(tmp_path).keep_stamp(STAMP, BLOB)
    assert open_cache(tmp_path).find_stamp(STAMP) == BLOB


@pytest.mark.parametrize(
    "changed",
    [
        replace(STAMP, device=9),
        replace(STAMP, inode=9),
        replace(STAMP, file_size=9),
        replace(STAMP, modified_ns=9),
        replace(STAMP, changed_ns=9),
        replace(STAMP, offset=9),
        replace(STAMP, size=9),
    ],
)
def test_a_stamp_that_differs_anywhere_is_not_known(tmp_path: Path, changed: Stamp) -> None:
    """Any sign of change makes the bytes unknown."""
    cache = open_cache(tmp_path)
    cache.keep_stamp(STAMP, BLOB)
    assert (cache.find_stamp(changed), cache.notes) == (None, ())


def test_a_later_state_of_a_file_replaces_the_earlier_one(tmp_path: Path) -> None:
    """One place in a file takes one entry, however often it changes."""
    cache = open_cache(tmp_path)
    cache.keep_stamp(STAMP, BLOB)
    later = replace(STAMP, modified_ns=STAMP.modified_ns + 1)
    cache.keep_stamp(later, DIFF_ID)
    assert (cache.find_stamp(later), cache.find_stamp(STAMP)) == (DIFF_ID, None)
    assert len(list((tmp_path / "v1").glob("stamps/*/*"))) == 1


@pytest.mark.parametrize(
    ("age_ns", "is_kept"), [(0, False), (RACY_NS - 10**9, False), (-(10**12), False), (RACY_NS + 10**9, True)]
)
@pytest.mark.parametrize("field", ["changed_ns", "modified_ns"])
def test_a_stamp_of_a_file_that_changed_just_now_is_not_kept(
    tmp_path: Path, field: str, age_ns: int, is_kept: bool
) -> None:
    """It could change again within the same tick of the clock; a time in the future is no better."""
    stamp = replace(STAMP, **{field: time.time_ns() - age_ns})
    cache = open_cache(tmp_path)
    cache.keep_stamp(stamp, BLOB)
    assert (cache.find_stamp(stamp) == BLOB) is is_kept


def test_a_stamp_is_judged_by_when_its_reading_began(tmp_path: Path) -> None:
    """A long reading does not make a fresh change old: its first bytes may have been read before it."""
    cache = open_cache(tmp_path)
    cache.keep_stamp(STAMP, BLOB, read_began_ns=STAMP.changed_ns + RACY_NS - 1)
    assert cache.find_stamp(STAMP) is None
    cache.keep_stamp(STAMP, BLOB, read_began_ns=STAMP.changed_ns + RACY_NS)
    assert cache.find_stamp(STAMP) == BLOB
