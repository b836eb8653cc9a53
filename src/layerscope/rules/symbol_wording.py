"""What the names of undefined symbols tell of the build that they come from, and what to do about it."""

import re
from typing import Final

from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.elf.undefined_symbols import UndefinedSymbols
from layerscope.facts.fact_set import FactSet
from layerscope.rules.fix import Fix
from layerscope.rules.library_path import take_out, tell_library_path
from layerscope.rules.python_cures import tell_pip_at
from layerscope.rules.wording import tell_layer, tell_path

_TORCH: Final = re.compile(r"_Z\w*?(?:5torch|3c10|2at)(?=\d|[A-Z])")
_NEW_STRING: Final = re.compile(r"7__cxx11|B5cxx11")
_OLD_STRING: Final = re.compile(r"(?:RKSs|PKSs|SsE|ESs|Ss)$|C[12]ESs|ENS_14SourceLocationESs")
_PYTHON: Final = re.compile(r"_?Py[A-Z_]")
_NUMBERED: Final = re.compile(r"__?nvJitLink\w+_(\d+)_(\d+)")


def names_torch(fact: UndefinedSymbols) -> bool:
    """Whether symbols of torch are among those that lack."""
    return any(map(_TORCH.match, fact.names))


def explain_symbols(fact: UndefinedSymbols, shadow: ShadowedLibrary | None, facts: FactSet) -> tuple[str, Fix]:
    """What the names tell, and what to do."""
    name, package = fact.names[0], fact.reach.package or "the package"
    if shadow is not None:
        winner = f"{tell_path(shadow.winner.path)} of {tell_layer(shadow.winner.layer, shadow.winner.instruction)}"
        variable = tell_library_path(facts.find(LoaderConfiguration))
        reason = f"it gets {winner} by {variable}, and not {tell_path(shadow.shadowed.path)}"
        return reason, take_out(shadow.folder, facts)
    pip = tell_pip_at(facts, fact.place.path)
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        wanted = f"{numbered[1]}.{numbered[2]}"
        step = f"RUN {pip} 'nvidia-nvjitlink-cu{numbered[1]}>={wanted}'"
        return f"the library it gets is older than {wanted}", Fix(f"Bring nvJitLink {wanted} or newer", (step,))
    torch = next((each for each in fact.names if _TORCH.match(each)), None)
    if torch is not None:
        steps = (f"RUN {pip} --no-build-isolation --no-cache-dir --force-reinstall {package}   (after torch)",)
        string = "new" if _NEW_STRING.search(torch) else "old" if _OLD_STRING.search(torch) else ""
        hint = f", and with the {string} std::string ABI" if string else ""
        return f"it was built for another torch than the one here{hint}", Fix(
            f"Reinstall {package} for this torch", steps
        )
    if all(map(_PYTHON.match, fact.names)):
        steps = (f"RUN {pip} --force-reinstall {package}",)
        return "it was built for another Python", Fix(f"Reinstall {package} for this Python", steps)
    steps = (f"Install {package} and what it links to from one source, in versions made for each other.",)
    return "it was built against other versions of its libraries", Fix(f"Reinstall {package} to fit", steps)
