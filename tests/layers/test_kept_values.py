"""What extractors keep of a layer has a ceiling, and a later file of the same path replaces an earlier one."""

import pytest

from layerscope.layers import kept_values
from layerscope.layers.kept_values import UNREAD, UNREAD_LIMIT, KeptValues, list_unread, measure_value


def test_what_is_kept_of_a_layer_has_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file may tell of much: what does not fit is left out, and said to be."""
    monkeypatch.setattr(kept_values, "KEPT_LIMIT", 1100)
    kept = KeptValues(["texts"])
    for path in ("a", "b", "c"):
        kept.keep("texts", path, {"names": ["x" * 300]})
    assert set(kept.values["texts"]) == {"a", "b"}
    assert list_unread(kept.values[UNREAD]["c"]) == [("texts", "more than 1,100 bytes to keep of one layer", False)]


def test_files_that_are_not_kept_are_named_up_to_a_ceiling() -> None:
    """A layer of millions of bad files does not fill memory with their names."""
    kept = KeptValues(["texts"])
    for number in range(UNREAD_LIMIT + 5):
        kept.keep_failure("texts", str(number), ValueError("bad"))
    assert len(kept.values[UNREAD]) == UNREAD_LIMIT


def test_a_later_value_replaces_a_failure_and_a_failure_a_value() -> None:
    """The last file at a path is the one that counts."""
    kept = KeptValues(["texts"])
    kept.keep("texts", "a", "value")
    kept.keep_failure("texts", "a", ValueError("bad"))
    assert (kept.values["texts"], list_unread(kept.values[UNREAD]["a"])) == ({}, [("texts", "ValueError: bad", True)])
    kept.keep("texts", "a", "value")
    assert (kept.values["texts"], list_unread(kept.values[UNREAD]["a"])) == ({"a": "value"}, [])


def test_numbers_and_nesting_count() -> None:
    """A million small values are not small."""
    assert measure_value([1, None, True, [b"x", {"k": 2.5}]]) > 8 * 50
