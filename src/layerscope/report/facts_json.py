"""Facts as plain data: every family alike, each fact with its layer, its path and whose it is."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.fact import Fact
from layerscope.report.instruction import tell_created_by
from layerscope.report.origin import find_origin
from layerscope.report.places import root_path

FAMILIES: Final = ("system", "elf", "python", "cuda")
"""The families whose facts are told, in the order in which they build on each other."""

_PACKAGE: Final = re.compile(r"^layerscope\.facts\.(\w+)\.")
_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

FamilyFacts = dict[str, list[dict[str, Any]]]


def build_family(result: AuditResult, family: str, *, leaves_out_base: bool = False) -> FamilyFacts:
    """The facts of one family by the names of their kinds, in the order in which they were collected."""
    built: FamilyFacts = {}
    for fact in iter_family(result, family, leaves_out_base=leaves_out_base):
        built.setdefault(name_kind(type(fact)), []).append(build_fact(fact, result))
    return built


def iter_family(result: AuditResult, family: str, *, leaves_out_base: bool = False) -> Iterator[Fact]:
    """The facts of one family; on request without those that lie in the base image's layers."""
    for fact in result.facts:
        if isinstance(fact, GpuVerdict):
            continue  # it is told in a place of its own
        if find_family(fact) == family and not (leaves_out_base and tell_origin(fact, result) == "base"):
            yield fact


def find_family(fact: Fact) -> str | None:
    """The family that a fact belongs to: the package that defines it."""
    found = _PACKAGE.match(type(fact).__module__)
    return found[1] if found else None


def name_kind(kind: type[Fact]) -> str:
    """How a kind of fact is called in JSON: `OsRelease` is `os_release`."""
    return _WORD_START.sub("_", kind.__name__).lower()


def tell_origin(fact: Fact, result: AuditResult) -> str:
    """Whose a fact is, by its layer; unknown for one about the config."""
    layer = fact.evidence.layer
    return find_origin([result.layers[layer]]) if layer is not None and layer < len(result.layers) else "unknown"


def build_fact(fact: Fact, result: AuditResult) -> dict[str, Any]:
    """One fact: its own fields, and where it was seen."""
    fields: dict[str, Any] = msgspec.to_builtins(fact)
    evidence = fact.evidence
    del fields["evidence"]
    layer = evidence.layer if evidence.layer is not None and evidence.layer < len(result.layers) else None
    place: dict[str, Any] = {
        "path": None if evidence.path is None else root_path(evidence.path),
        "layer": evidence.layer,
        "created_by": None if layer is None else tell_created_by(result.layers[layer].step),
        "origin": tell_origin(fact, result),
    }
    if evidence.detail:
        place["detail"] = evidence.detail
    # a fact may have a field of that name itself, which says more
    return {**{key: value for key, value in place.items() if key not in fields}, **fields}
