"""Claim: what a cluster is asked for in the place of a volume, with its size only where bytes were measured."""

from math import ceil
from typing import Any, Final

from msgspec import Struct

from layerscope.recipe.yaml_text import Noted

GIB: Final = 1 << 30


class Claim(Struct, frozen=True):
    """A claim by name; `size` are the bytes that it has to hold at least, 0 where none were measured."""

    name: str
    size: int = 0
    told: str = ""
    """What was measured."""

    @property
    def note(self) -> str:
        """Who sets its size, for one of which nothing was measured; empty for any other."""
        return (
            "" if self.size else f"claim {self.name}: make it first; the image does not tell how large, that is yours"
        )


def build_claim(claim: Claim) -> dict[str, Any]:
    """The claim as a document, in whole GiB; one of which nothing was measured has none, as clusters want a size."""
    assert claim.size, "its size is the user's to set"
    note = (
        f"at least {claim.told}: add what the program writes. A claim that is there already keeps its size: leave this "
        "document out"
    )
    size = Noted(f"{ceil(claim.size / GIB)}Gi", (note,))
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": claim.name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }
