"""Hashing in steps gives what hashing at once gives, of any length and kind of chunk."""

import hashlib
from collections.abc import Callable

import pytest

from layerscope.layers.far_hash import STEP, hash_far

CONTENT = bytes(range(251)) * 2000


@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 2 * STEP, len(CONTENT)])
@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_the_digest_is_that_of_the_whole_chunk(size: int, kind: Callable[[bytes], bytes | memoryview]) -> None:
    """Whatever is left of a step at its end."""
    assert len(CONTENT) > 2 * STEP
    digest = hashlib.sha256()
    hash_far(digest.update, kind(CONTENT[:size]))
    assert digest.digest() == hashlib.sha256(CONTENT[:size]).digest()


def test_chunks_follow_each_other() -> None:
    """A hash is given one chunk after the other."""
    digest = hashlib.sha256()
    for chunk in (CONTENT[:5], CONTENT[5 : STEP + 7], CONTENT[STEP + 7 :]):
        hash_far(digest.update, chunk)
    assert digest.digest() == hashlib.sha256(CONTENT).digest()
