"""Which objects with undefined symbols make one finding: those that one library in front of what they need fails."""

from collections.abc import Collection

from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.elf.undefined_symbols import UndefinedSymbols
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion
from layerscope.facts.fact_set import FactSet
from layerscope.rules.reach_severity import judge_certain
from layerscope.rules.symbol_wording import names_torch
from layerscope.rules.torch_misfits import iter_torch_misfits

Shadowed = tuple[UndefinedSymbols, ShadowedLibrary | None]
"""An object with what shadows a library of it, if anything does."""


def group_undefined(facts: FactSet) -> list[list[Shadowed]]:
    """Objects by the library that shadows what they need, others alone, the worst first.

    What is for another C library is ELF009's, for another torch CUDA030's, and what lacks a version ELF002's.
    """
    winners = {fact.winner.path: fact for fact in facts.of(ShadowedLibrary)}
    misfits = {(each.environment, each.name.replace("-", "_")) for each, _ in iter_torch_misfits(facts)}
    lacking = {(fact.place.path, fact.provider.path) for fact in facts.of(UnmetSymbolVersion)}
    providers, refused = {provider for _, provider in lacking}, {path for path, _ in lacking}
    groups: dict[str, list[Shadowed]] = {}
    for fact in facts.of(UndefinedSymbols):
        if fact.is_glibc_on_musl or _is_told(fact, misfits):
            continue
        shadow = next(
            (winners[each.path] for each in fact.libraries if each.path in winners and each.path not in providers),
            None,
        )
        if shadow is None and fact.place.path in refused:
            continue
        groups.setdefault(shadow.winner.path if shadow else fact.place.path, []).append((fact, shadow))
    return [
        sorted(group, key=lambda each: judge_certain(each[0].reach, facts), reverse=True) for group in groups.values()
    ]


def _is_told(fact: UndefinedSymbols, misfits: Collection[tuple[str, str]]) -> bool:
    """Whether torch's symbols lack a package of which CUDA030 tells that it was built for another torch."""
    module = fact.place.path
    return names_torch(fact) and any(
        module.startswith(f"{site}/") and fact.reach.package.lstrip("_").startswith(name) for site, name in misfits
    )
