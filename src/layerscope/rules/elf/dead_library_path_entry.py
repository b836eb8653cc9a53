"""ELF006: LD_LIBRARY_PATH names a folder that is not there."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.loader_configuration import LoaderConfiguration, SearchFolder
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.library_path import (
    LIBRARY_PATH_NEEDS,
    edit_library_path,
    is_dead,
    propose_library_path,
    tell_library_path,
)
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list


class DeadLibraryPathEntry(Rule):
    """LD_LIBRARY_PATH names a folder that is not there.

    What it checks: Each folder in the config's `LD_LIBRARY_PATH` is a directory of the image, links followed; folders
        that a runtime mounts are left out.
    Why it matters: Where libraries were meant to be found, they are not: the folder was moved, removed or never
        copied. Every library of every program is looked for there first, for nothing, and whoever can create the
        folder decides what the programs load.
    Example: `ENV LD_LIBRARY_PATH=/usr/local/cuda-11.8/lib64` kept when the base image moved to CUDA 12.
    Remedy: Name the folder that is there, or none.
    Fix safety: Review: a volume may be mounted there.
    Blind spots: Volumes and init containers may bring the folder. Folders with `$ORIGIN` in their names differ with
        each program and are not judged. Nothing is said where a layer could not be read.
    References: ld.so(8); Dockerfile reference, "ENV".
    """

    code: ClassVar[str] = "ELF006"
    covers: ClassVar[tuple[int, ...]] = (69,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (*LIBRARY_PATH_NEEDS, LayerProof)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        configuration = facts.find(LoaderConfiguration)
        if configuration is None or has_unread_layers(facts):
            return
        dead = [folder for folder in configuration.library_path if is_dead(folder)]
        if not dead:
            return
        removals = [
            Evidence(layer=folder.removed_by, path=folder.text.strip("/"))
            for folder in dead
            if folder.removed_by is not None
        ]
        names = tell_list(_describe(folder) for folder in dead)
        verb = "is" if len(dead) == 1 else "are"
        message = f"{tell_library_path(configuration)} leads to {names}, which {verb} not in the image"
        fix = Fix(
            "Name only folders that are there",
            (propose_library_path(facts),),
            kind=FixKind.CONFIG_EDIT,
            edits=edit_library_path(facts),
        )
        yield self.finding(message, *(removals or [Evidence()]), fixes=(fix,))


def _describe(folder: SearchFolder) -> str:
    """The folder, with the layer that removed it."""
    return folder.text if folder.removed_by is None else f"{folder.text} (removed by layer {folder.removed_by})"
