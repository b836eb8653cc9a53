"""layerscope at dive's work, to compare like with like: xxh3 of every file, no SHA-256 of blobs and tars, no facts.

Nothing of this is an audit: no digest is computed that could match, and no rule says so.
"""

from types import SimpleNamespace

import xxhash

from layerscope.facts import extractors, registry
from layerscope.layers import content_hashes, plain_members, reading, sparse_member
from layerscope.rules import registry as rules

ZEROS = bytes(16)


class NoHash:
    """Takes bytes and makes nothing of them."""

    def update(self, _content: bytes) -> None:
        """Look at nothing."""

    def hexdigest(self) -> str:
        """A digest of nothing."""
        return "0" * 64


class FastHash:
    """dive's kind of hash, in the width that an index holds."""

    def __init__(self, content: memoryview | bytes = b"") -> None:
        """Hash the content, if there is any yet."""
        self._hash = xxhash.xxh3_128(content)
        self.update = self._hash.update

    def digest(self) -> bytes:
        """The digest, filled up to that of a SHA-256."""
        digest: bytes = self._hash.digest()
        return digest + ZEROS


def main() -> None:
    """Run layerscope with the hashes replaced, without facts and rules, before anyone has read their lists."""
    fast = ((module, FastHash) for module in (content_hashes, plain_members, sparse_member))
    for module, kind in ((reading, NoHash), *fast):
        module.hashlib = SimpleNamespace(sha256=kind)  # type: ignore[attr-defined]  # only here
    extractors.EXTRACTORS = ()  # type: ignore[misc]  # only here
    registry.COLLECTORS = ()  # type: ignore[misc]  # only here
    rules.RULES = ()  # type: ignore[misc]  # only here
    from layerscope.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
