"""ChainID: the name of a stack of layers.

https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
"""

from collections.abc import Sequence

from layerscope.image.digest import Digest


def chain_ids(diff_ids: Sequence[Digest]) -> tuple[Digest, ...]:
    """Return the ChainID of each layer with all layers below it; that of the lowest is its DiffID."""
    chain: list[Digest] = []
    for diff_id in diff_ids:
        chain.append(Digest.of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return tuple(chain)
