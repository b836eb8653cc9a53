"""What the rules about hidden files share: a finding for each step that hides much, and one for all others."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.origins import Origin, is_step
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.layer_fixes import drop_hidden
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import NEGLIGIBLE, judge_waste, share_of_image
from layerscope.rules.wording import (
    begin,
    locate_folders,
    quote_instruction,
    tell_count,
    tell_folders,
    tell_layer,
    tell_list,
    tell_share,
    tell_size,
)

SQUASH: Final = (
    "Or take over the result into a stage of one layer: FROM scratch, COPY --from=build / /, "
    "then its ENV, USER and ENTRYPOINT again"
)
"""What always helps, where no step can be changed."""


class EndedFilesRule(Rule):
    """A rule about files that one layer ships and a later one ends, in one way."""

    ending: ClassVar[str]
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (EndedFiles, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a step that ends much, and one for all that end little."""
        steps = [fact for fact in facts.of(EndedFiles) if fact.ending == self.ending]
        for step in steps:
            if step.size >= NEGLIGIBLE:
                yield self._report(step, facts)
        small = [step for step in steps if step.size < NEGLIGIBLE]
        if small:
            yield self._report_small(small)

    @abstractmethod
    def tell(self, layer: str, files: str, origins: str, folders: str) -> str:
        """The message: `layer` does something to `files` that `origins` brought, which lie in `folders`."""

    @abstractmethod
    def tell_small(self, layers: str, files: str) -> str:
        """The message about all steps that end little: these `files`, in that many later `layers`."""

    @abstractmethod
    def suggest(self, step: EndedFiles) -> Fix:
        """What to change so that the files are shipped once."""

    def _report(self, step: EndedFiles, facts: FactSet) -> Finding:
        """The finding of one step: its layer first, then the folders where the files lie below."""
        share = tell_share(share_of_image(step.size, facts))
        message = self.tell(
            begin(tell_layer(step.layer, step.instruction)),
            f"{tell_count(step.files, 'file')} ({tell_size(step.size)}, {share} of the image)",
            tell_list((tell_layer(origin.layer, origin.instruction) for origin in step.origins), shown=2),
            tell_folders(step.folders, step.files),
        )
        return self.finding(
            message,
            *locate_folders(step.folders, Evidence(layer=step.layer)),
            severity=judge_waste(step.size, facts),
            fixes=(self.suggest(step), drop_hidden(step)),
            wasted=step.size,
        )

    def _report_small(self, steps: list[EndedFiles]) -> Finding:
        """The finding of all small steps, at their layers."""
        size, files = sum(step.size for step in steps), sum(step.files for step in steps)
        places = locate_folders((), *(Evidence(layer=step.layer) for step in steps))
        message = self.tell_small(
            tell_count(len({step.layer for step in steps}), "later layer"),
            f"{tell_count(files, 'file')} ({tell_size(size)})",
        )
        return self.finding(message, *places, severity=Severity.INFO, wasted=size)


def quote_step(layer: int, instruction: str) -> str:
    """A step to change: its layer, and its instruction where the history says."""
    quoted = f" (`{quote_instruction(instruction)}`)" if instruction else ""
    return f"the step of layer {layer}{quoted}"


def tell_given(origin: Origin) -> str:
    """Why a layer of the base image cannot be changed here: its step stands in another Dockerfile, or nowhere."""
    if is_step(origin.layer, origin.instruction):
        return f"Layer {origin.layer} (`{quote_instruction(origin.instruction)}`) is of the base image"
    return f"Layer {origin.layer} has no step to change"


def is_copied(origin: Origin) -> bool:
    """Whether files come from the build context, where no command can change them."""
    return origin.instruction.startswith(("COPY ", "ADD "))
