"""ChainID: the specification's recursion."""

import hashlib

from layerscope.image.chain import chain_ids
from layerscope.image.digest import Digest


def diff_id(digit: str) -> Digest:
    """A DiffID of one digit."""
    return Digest("sha256", digit * 64)


def test_no_layers_have_no_chain_ids() -> None:
    """The empty stack has no name."""
    assert chain_ids(()) == ()


def test_the_lowest_chain_id_is_the_diff_id() -> None:
    """ChainID(L0) = DiffID(L0)."""
    assert chain_ids([diff_id("a")]) == (diff_id("a"),)


def test_chain_ids_follow_the_specification() -> None:
    """ChainID(L0|...|Ln) = Digest(ChainID(L0|...|Ln-1) + " " + DiffID(Ln))."""
    first, second, third = diff_id("a"), diff_id("b"), diff_id("c")
    two = "sha256:" + hashlib.sha256(f"{first} {second}".encode()).hexdigest()
    three = "sha256:" + hashlib.sha256(f"{two} {third}".encode()).hexdigest()
    assert [str(chain) for chain in chain_ids([first, second, third])] == [str(first), two, three]


def test_chain_ids_are_those_that_sha256sum_computes() -> None:
    """`printf '%s' "$CHAIN $DIFF_ID" | sha256sum` over the DiffIDs that are the SHA-256 of a, b and c."""
    diff_ids = [Digest.of(word) for word in (b"a", b"b", b"c")]
    assert [str(chain) for chain in chain_ids(diff_ids)] == [
        "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "sha256:51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676",
        "sha256:2fce7f8ce91bcf0a1428b36e1024639fdbd9469eea762dba98aa749631885106",
    ]
