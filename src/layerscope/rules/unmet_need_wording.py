"""What a message says of a library that is missing, and what to do about it."""

from collections.abc import Sequence
from typing import Final

from layerscope.facts.elf.foreign_objects import GlibcModules
from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.integrity import DamagedDistribution
from layerscope.facts.system.package_files import MissingPackageFiles
from layerscope.rules.cuda_stack import iter_frameworks_without_cuda
from layerscope.rules.fix import Fix
from layerscope.rules.library_origins import find_package_commands
from layerscope.rules.python_cures import quote_requirements, tell_pip
from layerscope.rules.system_packages import reinstall_command
from layerscope.rules.wording import tell_layer, tell_list, tell_path

_OF_NVIDIA: Final = ("libcu", "libnv", "libnccl")

STEPS: Final = 6
"""Commands of one fix."""


def explain_need(need: UnmetNeed) -> str:
    """What the image has of the library, as the end of a sentence that names it."""
    if need.unusable is not None:
        return f"is found at {tell_path(need.unusable)}, which is no object that the loader takes"
    if need.removed_by is not None:
        folder = tell_path(need.removed_path.rpartition("/")[0])
        return f"was removed from {folder} by a later step"
    if need.is_uncached:
        return f"is at {tell_path(need.elsewhere[0])} but not in ld.so.cache"
    if need.elsewhere:
        return f"lies at {tell_path(need.elsewhere[0])}, where the loader does not look"
    return f"is not in the image (needed since {tell_layer(need.place.layer, need.place.instruction)})"


def tell_fate(need: UnmetNeed) -> str:
    """The same in a few words."""
    if need.unusable is not None:
        return "cannot be loaded"
    if need.removed_by is not None:
        return f"was removed by {tell_layer(need.removed_by)}"
    return "is not found by the loader" if need.elsewhere else "is not in the image"


def find_told_needs(facts: FactSet) -> dict[str, tuple[str, ...]]:
    """Packages of which other rules tell why what they need cannot be there, with how the names of that begin.

    Of those for another C library it is everything, of those that find no CUDA the libraries of NVIDIA.
    """
    without = {framework.name: _OF_NVIDIA for framework in iter_frameworks_without_cuda(facts)}
    return {**without, **{fact.package: ("",) for fact in facts.of(GlibcModules)}}


def suggest_libraries(needs: Sequence[UnmetNeed], facts: FactSet) -> tuple[Fix, ...]:
    """Bring the libraries, or lead the loader to them."""
    need = needs[0]
    if need.removed_by is not None:
        return (_suggest_keeping(needs, facts),)
    if need.is_uncached:
        return (Fix("Write the loader's cache anew", ("RUN ldconfig   after the libraries are in place",)),)
    if need.elsewhere and need.unusable is None:
        folder = tell_path(need.elsewhere[0].rpartition("/")[0])
        return (Fix(f"Lead to {folder}", (f"RUN echo {folder} > /etc/ld.so.conf.d/app.conf && ldconfig",)),)
    commands = find_package_commands((each.needed for each in needs), facts, at=need.place.path)
    steps = commands[:STEPS] or (f"Find it: apt-file search {need.needed}, or dnf provides",)
    return (Fix("Install what has the libraries", steps),)


def _suggest_keeping(needs: Sequence[UnmetNeed], facts: FactSet) -> Fix:
    """What the step that deletes libraries should leave, and what brings them back where a distribution has them."""
    paths = list(dict.fromkeys(need.removed_path for need in needs))
    named = tell_list(map(tell_path, paths))
    step = tell_layer(needs[0].removed_by, needs[0].removed_instruction)
    words = needs[0].removed_instruction.split()
    is_alone = words[:2] == ["RUN", "rm"] and {word.lstrip("/") for word in words[2:] if word[:1] != "-"} == set(paths)
    steps = [f"Drop {step}" if is_alone else f"Take out of what {step} deletes: {named}"]
    for damaged in facts.of(DamagedDistribution):
        if set(damaged.missing_examples) & set(paths):
            pip = tell_pip(facts, damaged.environment)
            requirement = quote_requirements([f"{damaged.name}=={damaged.version}"])
            steps.append(f"Or bring it back: RUN {pip} --force-reinstall --no-deps {requirement}")
    steps.extend(
        f"Or bring it back: RUN {reinstall_command(package.manager, [package.package])}"
        for package in facts.of(MissingPackageFiles)
        if set(package.paths) & set(paths)
    )
    names = tell_list(path.rpartition("/")[2] for path in paths)
    return Fix(f"Keep {names}", tuple(dict.fromkeys(steps))[:STEPS])
