"""ELF004: an object needs symbols that nothing defines."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.elf.undefined_symbols import UndefinedSymbols
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.library_path import take_out
from layerscope.rules.reach_severity import judge_reach, tell_failing
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import begin, tell_count, tell_list, tell_path

_TORCH: Final = re.compile(r"_Z\w*?(?:5torch|3c10|2at)(?=\d|[A-Z])")
_NEW_STRING: Final = re.compile(r"7__cxx11|B5cxx11")
_OLD_STRING: Final = re.compile(r"(?:RKSs|PKSs|SsE|ESs|Ss)$|C[12]ESs|ENS_14SourceLocationESs")
_PYTHON: Final = re.compile(r"_?Py[A-Z_]")
_NUMBERED: Final = re.compile(r"__?nvJitLink\w+_(\d+)_(\d+)")


class UndefinedSymbol(Rule):
    """An object needs symbols that nothing defines.

    What it checks: Each symbol that an extension module, and all that it loads, needs is defined by the interpreter,
        by what `import torch` makes global, or by what the module loads; for programs, where they bind all symbols
        at the start.
    Why it matters: "ImportError: …: undefined symbol: _ZN3c10…". The parts were built for different versions of each
        other: an extension for another torch, another C++ string ABI or another Python; an older library of the
        same name that wins.
    Example: flash-attn built for torch 2.5 beside torch 2.8; libcusparse.so.12 with an older libnvJitLink.so.12 from
        `LD_LIBRARY_PATH`.
    Remedy: Install the build that fits, or take the older library out of the way.
    Fix safety: Review: versions have to be chosen.
    Blind spots: Names are compared by checksum, so that one in 10,000 missing ones passes. Symbols that a package
        makes global before it imports the module (other than torch's) are reported; where a library is missing or
        is injected at run time, nothing is said about those above it. Nothing is said where a layer could not be
        read.
    References: Dao-AILab/flash-attention issues 853 and 1644; pytorch/pytorch issues 111469 and 134929.
    """

    code: ClassVar[str] = "ELF004"
    covers: ClassVar[tuple[int, ...]] = (36, 65)
    severity: ClassVar[Severity] = Severity.HIGH
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (UndefinedSymbols, ShadowedLibrary, LoaderConfiguration, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an object; what was built for another C library is ELF009's."""
        if has_unread_layers(facts):
            return
        winners = {fact.winner.path: fact for fact in facts.of(ShadowedLibrary)}
        for fact in facts.of(UndefinedSymbols):
            if fact.is_glibc_on_musl:
                continue
            shadow = next((winners[each.path] for each in fact.libraries if each.path in winners), None)
            reason, fix = _explain(fact, shadow, facts.find(LoaderConfiguration))
            message = (
                f"{begin(tell_failing(fact.reach))}: {tell_path(fact.place.path)} needs "
                f"{tell_count(fact.count, 'symbol')} that nothing defines ({tell_list(fact.names)}); {reason}"
            )
            places = [Evidence(layer=fact.place.layer, path=fact.place.path)]
            if shadow is not None:
                places.append(Evidence(layer=shadow.winner.layer, path=shadow.winner.path))
            yield self.finding(message, *places, severity=judge_reach(fact.reach), fixes=(fix,))


def _explain(
    fact: UndefinedSymbols, shadow: ShadowedLibrary | None, configuration: LoaderConfiguration | None
) -> tuple[str, Fix]:
    """What the names tell, and what to do."""
    name, package = fact.names[0], fact.reach.package or "the package"
    if shadow is not None:
        reason = f"{tell_path(shadow.winner.path)} comes before {tell_path(shadow.shadowed.path)} by LD_LIBRARY_PATH"
        return reason, take_out(shadow.folder, configuration)
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        wanted = f"{numbered[1]}.{numbered[2]}"
        step = f"RUN pip install 'nvidia-nvjitlink-cu{numbered[1]}>={wanted}'"
        return f"the library it gets is older than {wanted}", Fix(f"Bring nvJitLink {wanted} or newer", (step,))
    torch = next((each for each in fact.names if _TORCH.match(each)), None)
    if torch is not None:
        steps = (f"RUN pip install --no-build-isolation --no-cache-dir --force-reinstall {package}   (after torch)",)
        string = "new" if _NEW_STRING.search(torch) else "old" if _OLD_STRING.search(torch) else ""
        hint = f", and with the {string} std::string ABI" if string else ""
        return f"it was built for another torch than the one here{hint}", Fix(
            f"Reinstall {package} for this torch", steps
        )
    if all(map(_PYTHON.match, fact.names)):
        steps = (f"RUN python -m pip install --force-reinstall {package}   (with the Python that imports it)",)
        return "it was built for another Python", Fix(f"Reinstall {package} for this Python", steps)
    steps = (f"Install {package} and what it links to from one source, in versions made for each other.",)
    return "it was built against other versions of its libraries", Fix(f"Reinstall {package} to fit", steps)
