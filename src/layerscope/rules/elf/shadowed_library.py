"""ELF005: LD_LIBRARY_PATH puts a library in place of the one that was meant."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf import shadowed_libraries
from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import FixPlace
from layerscope.rules.library_path import LIBRARY_PATH_NEEDS, find_told_libraries, take_out, tell_library_path
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_layer, tell_list, tell_path


class ShadowedLibrary(Rule):
    """LD_LIBRARY_PATH puts a library in place of the one that was meant.

    What it checks: The loader's search is repeated without `LD_LIBRARY_PATH`: a library that comes from another file
        then is shadowed. Files that are equal byte for byte are left out, and those of which ELF002 or ELF004 tells
        what fails with them.
    Why it matters: The variable goes before the RUNPATH that a wheel sets for its own libraries, for every program of
        the container. An older nvJitLink, cuDNN or libstdc++ then breaks an import ("undefined symbol:
        __nvJitLinkComplete_12_4", "cuDNN version incompatibility"), or changes results without a word.
    Example: torch's wheels on a CUDA base image with `ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64`.
    Remedy: Unset the variable, or keep in it only folders whose libraries nothing else brings; a CUDA base image
        without the libraries (`-base`) is enough for wheels that bring their own.
    Fix safety: Review: another program of the image may need the folder.
    Blind spots: Libraries that are opened by name at run time (cuDNN's parts) are not followed. An RPATH goes before
        the variable, so that torch's own libraries are often not shadowed. Variables set by scripts are not seen.
    References: ld.so(8); pytorch/pytorch issues 80637, 104591 and 111469; jax-ml/jax issue 18027.
    """

    code: ClassVar[str] = "ELF005"
    covers: ClassVar[tuple[int, ...]] = (67, 69)
    severity: ClassVar[Severity] = Severity.MEDIUM
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (*LIBRARY_PATH_NEEDS, LayerProof)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each folder of the variable, and for each way in which the other files would be found."""
        groups: dict[tuple[str, bool], list[shadowed_libraries.ShadowedLibrary]] = {}
        told = find_told_libraries(facts)
        for fact in facts.of(shadowed_libraries.ShadowedLibrary):
            if not fact.is_same and fact.winner.path not in told:
                groups.setdefault((fact.folder, fact.step is SearchStep.RUNPATH), []).append(fact)
        for (folder, is_own), group in groups.items():
            first = group[0]
            names = tell_list(fact.name for fact in group)
            meant = "the object's own RUNPATH leads to" if is_own else "the loader would otherwise take"
            layer = tell_layer(first.winner.layer, first.winner.instruction)
            variable = tell_library_path(facts.find(LoaderConfiguration))
            message = (
                f"{variable} puts {names} of {folder} ({layer}) in place of what {meant}: "
                f"{tell_path(first.example.path)} gets {tell_path(first.winner.path)} and not "
                f"{tell_path(first.shadowed.path)}"
            )
            lacking = sorted({version for fact in group for version in fact.versions})
            if lacking:
                message += f"; the one it gets lacks {tell_list(lacking)}"
            places = [place for fact in group for place in _places(fact)][:SHOWN_LOCATIONS]
            fix = take_out(folder, facts)
            severity = self.severity if is_own else Severity.LOW
            yield self.finding(message, *dict.fromkeys(places), severity=severity, fixes=(fix,))


def _places(fact: shadowed_libraries.ShadowedLibrary) -> tuple[Evidence, Evidence]:
    """Both files."""
    return (
        Evidence(layer=fact.winner.layer, path=fact.winner.path),
        Evidence(layer=fact.shadowed.layer, path=fact.shadowed.path),
    )
