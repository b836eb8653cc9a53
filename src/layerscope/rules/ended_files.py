"""What the rules about hidden files share: small steps told together, and the words for places."""

from collections.abc import Iterable
from dataclasses import dataclass

from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.folders import Folder
from layerscope.rules.waste import NEGLIGIBLE
from layerscope.rules.wording import locate_folders, tell_count, tell_layer, tell_list, tell_path, tell_size


@dataclass(frozen=True, slots=True)
class SmallSteps:
    """Build steps that hide little each: one finding for all of them."""

    steps: tuple[EndedFiles, ...]

    @property
    def size(self) -> int:
        """Bytes of all steps."""
        return sum(step.size for step in self.steps)

    @property
    def files(self) -> int:
        """Files of all steps."""
        return sum(step.files for step in self.steps)

    def describe(self) -> str:
        """How many files of how many steps: `31 files (812.4 kB) in 4 layers`."""
        layers = tell_count(len({step.layer for step in self.steps}), "layer")
        return f"{tell_count(self.files, 'file')} ({tell_size(self.size)}) in {layers}"

    def locate(self) -> tuple[Evidence, ...]:
        """The layers that hide them."""
        return locate_folders((), *(Evidence(layer=step.layer) for step in self.steps))


def split_steps(facts: FactSet, ending: str) -> tuple[list[EndedFiles], SmallSteps]:
    """The steps that end files in that way: those worth a finding of their own, and the others."""
    steps = [fact for fact in facts.of(EndedFiles) if fact.ending == ending]
    return (
        [step for step in steps if step.size >= NEGLIGIBLE],
        SmallSteps(tuple(step for step in steps if step.size < NEGLIGIBLE)),
    )


def locate_step(step: EndedFiles) -> tuple[Evidence, ...]:
    """The layer that hides the files, then the folders where they lie below."""
    return locate_folders(step.folders, Evidence(layer=step.layer))


def tell_origins(step: EndedFiles) -> str:
    """Which layers brought the files, most bytes first."""
    return tell_list((tell_layer(origin.layer, origin.instruction) for origin in step.origins), shown=2)


def tell_folders(folders: Iterable[Folder]) -> str:
    """The folders with most bytes."""
    return tell_list(f"{tell_path(folder.path)} {tell_size(folder.size)}" for folder in folders)
