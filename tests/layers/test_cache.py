"""LayerCache: what was proved once is known, and nothing else is."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from layerscope.image.digest import Digest
from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.image.image import KnownContent
from layerscope.layers import cache_record
from layerscope.layers.cache import LayerCache, fingerprint
from layerscope.layers.cache_usage import verify
from layerscope.layers.extractor import Wants
from support.cache_contents import BLOB, DIFF_ID, EXTRACTS, FIND, INDEX, PROOF, damage_entries, fill, open_cache
from support.layer_indexes import index_of


@dataclass(frozen=True)
class NamedExtractor:
    """An extractor of which only the name and version matter."""

    name: str
    version: int
    wants: Wants = field(default_factory=Wants)

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Keep everything that it is told."""
        return [path, content, size, mode]


def test_what_is_stored_is_loaded_by_the_next_audit(tmp_path: Path) -> None:
    """Index and extracts come back equal, with nothing to remark."""
    open_cache(tmp_path).store(DIFF_ID, INDEX, EXTRACTS)
    cache = open_cache(tmp_path)
    assert cache.has_layer(DIFF_ID)
    assert cache.load(DIFF_ID) == (INDEX, EXTRACTS)
    assert cache.notes == ()


def test_images_that_share_a_layer_are_given_one_index(tmp_path: Path) -> None:
    """It is read once, and whoever compares the images sees that it is the same; forgotten, it is not known at all."""
    cache = open_cache(tmp_path)
    cache.store(DIFF_ID, INDEX, EXTRACTS)
    one, other = cache.load(DIFF_ID), cache.load(DIFF_ID)
    cache.forget_layer(DIFF_ID)
    assert one is not None
    assert (other is one, cache.load(DIFF_ID)) == (True, None)


def test_another_layer_is_not_known(tmp_path: Path) -> None:
    """A miss is None, not an error."""
    cache = open_cache(tmp_path)
    cache.store(DIFF_ID, INDEX, EXTRACTS)
    other = Digest.of(b"another")
    assert (cache.has_layer(other), cache.load(other), cache.notes) == (False, None, ())


def test_a_layer_of_other_extractors_is_not_known(tmp_path: Path) -> None:
    """What other collectors kept does not answer these collectors' questions."""
    open_cache(tmp_path).store(DIFF_ID, INDEX, EXTRACTS)
    assert LayerCache(tmp_path, fingerprint="0" * 16).load(DIFF_ID) is None


def test_a_promised_layer_outlives_its_entry(tmp_path: Path) -> None:
    """A source leaves a layer's bytes behind when told that it is known, so pruning in between must not matter."""
    open_cache(tmp_path).store(DIFF_ID, INDEX, EXTRACTS)
    cache = open_cache(tmp_path)
    assert cache.has_layer(DIFF_ID)
    for path in (tmp_path / "v1").glob("layers/*/*"):
        path.unlink()
    assert cache.load(DIFF_ID) == (INDEX, EXTRACTS)


def test_a_damaged_layer_is_not_known_and_gone(tmp_path: Path) -> None:
    """It is never trusted, removed, remarked upon, and can be stored again."""
    cache = open_cache(tmp_path)
    cache.store(DIFF_ID, INDEX, EXTRACTS)
    damage_entries(tmp_path)
    assert not cache.has_layer(DIFF_ID)
    assert "do not match their checksum; it is computed again" in cache.notes[0]
    assert list((tmp_path / "v1").glob("layers/*/*")) == []
    cache.store(DIFF_ID, INDEX, EXTRACTS)
    assert cache.load(DIFF_ID) == (INDEX, EXTRACTS)


def test_a_record_of_another_form_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole entry that does not hold a layer is a miss, too."""
    cache = open_cache(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("layerscope.layers.cache.encode_record", lambda *_: b"\x93\x01\x02\x03")
        cache.store(DIFF_ID, INDEX, EXTRACTS)
    assert cache.load(DIFF_ID) is None
    assert "reading a layer from the cache" in cache.notes[0]


def test_a_blob_proof_comes_back(tmp_path: Path) -> None:
    """DiffID, size and framing are known under the blob's digest."""
    open_cache(tmp_path).keep_blob(BLOB, PROOF)
    assert open_cache(tmp_path).find_blob(BLOB) == PROOF
    assert open_cache(tmp_path).find_blob(DIFF_ID) is None


def test_a_document_comes_back_under_its_digest(tmp_path: Path) -> None:
    """The bytes are those whose digest was asked for."""
    digest = open_cache(tmp_path).keep_document(b"{}")
    assert digest == Digest.of(b"{}")
    assert open_cache(tmp_path).find_document(digest) == b"{}"
    assert open_cache(tmp_path).find_document(Digest.of(b"[]")) is None


def test_an_oversized_document_is_not_kept(tmp_path: Path) -> None:
    """What no parser would read is not worth its place."""
    cache = open_cache(tmp_path)
    digest = cache.keep_document(bytes(MAX_DOCUMENT_SIZE + 1))
    assert cache.find_document(digest) is None


def test_the_cache_is_known_content(tmp_path: Path) -> None:
    """A source may be handed the cache as it is."""
    known: KnownContent = open_cache(tmp_path)
    assert known.find_document(known.keep_document(b"{}")) == b"{}"
    assert not known.has_layer(DIFF_ID)


@pytest.mark.parametrize(("_kind", "find"), FIND)
def test_use_is_noted_for_pruning(tmp_path: Path, _kind: str, find: Callable[[LayerCache], object]) -> None:
    """What is found counts as used now."""
    fill(open_cache(tmp_path))
    for path in (tmp_path / "v1").glob("*/*/*"):
        os.utime(path, (1, 1))
    assert find(open_cache(tmp_path)) is not None
    used = [path for path in (tmp_path / "v1").glob("*/*/*") if path.stat().st_mtime > 1]
    assert len(used) == 1


def test_a_layer_that_cannot_be_stored_is_remarked(tmp_path: Path) -> None:
    """A path with a NUL breaks the record's form; the audit goes on without."""
    cache = open_cache(tmp_path)
    cache.store(DIFF_ID, index_of(["a\0b"]), {})
    assert cache.load(DIFF_ID) is None
    assert "writing a layer of 1 entries to the cache: a path holds a NUL character" in cache.notes[0]


def test_a_layer_larger_than_the_cap_is_not_stored(tmp_path: Path) -> None:
    """It would be pruned at once and take everything else with it."""
    cache = LayerCache(tmp_path, fingerprint="f" * 16, max_bytes=200)
    cache.store(DIFF_ID, index_of([f"path {number}" for number in range(100)]), {})
    assert cache.load(DIFF_ID) is None


def test_the_cap_holds(tmp_path: Path) -> None:
    """Storing more than fits pushes out what was used longest ago."""
    cache = LayerCache(tmp_path, fingerprint="f" * 16, max_bytes=20_000)
    diff_ids = [Digest.of(bytes([number])) for number in range(40)]
    for second, diff_id in enumerate(diff_ids, 1):
        cache.store(diff_id, INDEX, {"x": {"path": bytes(1000)}})
        for path in (tmp_path / "v1").glob(f"layers/*/{diff_id.hex}-*"):
            os.utime(path, (second, second))
    kept = [cache.load(diff_id) is not None for diff_id in diff_ids]
    assert sum(path.stat().st_size for path in (tmp_path / "v1").glob("*/*/*")) <= 20_000
    assert kept == sorted(kept)
    assert kept[-1]


def test_keeping_the_same_again_writes_nothing(tmp_path: Path) -> None:
    """A warm audit renews small entries by their time alone."""
    fill(open_cache(tmp_path))
    small = [path for path in (tmp_path / "v1").glob("*/*/*") if path.parent.parent.name != "layers"]
    inodes = [path.stat().st_ino for path in small]
    fill(open_cache(tmp_path))
    assert [path.stat().st_ino for path in small] == inodes


def test_all_that_is_kept_verifies(tmp_path: Path) -> None:
    """`cache verify` finds nothing wrong with what an audit kept."""
    fill(open_cache(tmp_path))
    result = verify(tmp_path)
    assert (result.checked, result.damaged) == (len(FIND), ())


def test_the_fingerprint_depends_on_names_and_versions_alone() -> None:
    """The order of the extractors does not matter; their versions do."""
    first, second = NamedExtractor("a", 1), NamedExtractor("b", 1)
    assert fingerprint([first, second]) == fingerprint([second, first])
    others = [[first], [first, NamedExtractor("b", 2)], [first, NamedExtractor("c", 1)], []]
    assert len({fingerprint(each) for each in [*others, [first, second]]}) == 5


def test_the_fingerprint_changes_with_the_index_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new form of the index makes all earlier entries misses."""
    before = fingerprint([])
    monkeypatch.setattr("layerscope.layers.cache.INDEX_SCHEMA_VERSION", cache_record.INDEX_SCHEMA_VERSION + 1)
    assert fingerprint([]) != before
