"""Copies of CUDA's libraries that an image holds beside the one that it uses; shared by the rules that tell of them."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.cuda.libraries import CudaCopy, CudaLibrary
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import COMPUTING, find_users, live_copies

NOTICED: Final = 50_000_000
"""Bytes; packages carry smaller ones of their own, such as a profiler's, and nobody can take them out."""


class SecondCopy(Struct, frozen=True):
    """A copy, the one that is kept instead, the parts that both have, and the bytes of those in the first."""

    copy: CudaCopy
    kept: CudaCopy
    shared: tuple[str, ...]
    size: int


def iter_second_copies(facts: FactSet) -> Iterator[SecondCopy]:
    """Every copy beside one that there is more reason to keep."""
    meant = [copy for copy in live_copies(facts) if any(copy.find_part(name) for name in COMPUTING)]
    copies = sorted(meant, key=lambda copy: _rank(copy, facts), reverse=True)
    for number, copy in enumerate(copies):
        for kept in copies[:number]:
            shared = {part.name for part in kept.parts} & {part.name for part in copy.parts}
            size = sum(part.size for part in copy.parts if part.name in shared)
            if shared and size >= NOTICED:
                yield SecondCopy(copy, kept, tuple(sorted(shared)), size)
                break


def find_unused_libraries(facts: FactSet) -> frozenset[str]:
    """The paths of the libraries in copies of which CUDA020 tells that nothing in Python loads them."""
    unused = {each.copy.root for each in iter_second_copies(facts) if not find_users(each.copy, facts)}
    return frozenset(each.evidence.path or "" for each in facts.of(CudaLibrary) if each.copy in unused)


def _rank(copy: CudaCopy, facts: FactSet) -> tuple[int, bool, int, str]:
    """How good a reason there is to keep a copy."""
    return (len(find_users(copy, facts)), copy.kind is not CopyKind.BUNDLED, copy.size, copy.root)
