"""LAY103: a step copies files only to change their owner, mode or time."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.ended_files import locate_step, split_steps, tell_folders, tell_origins
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import judge_waste, share_of_image
from layerscope.rules.wording import begin, quote_instruction, tell_count, tell_layer, tell_path, tell_share, tell_size


class MetadataOnlyCopy(Rule):
    """A step copies files only to change their owner, mode or time.

    What it checks: Files that a later layer ships again with the same content (equal SHA-256), added up for each
        build step that does so.
    Why it matters: A layer stores whole files. `chown -R` over a directory of model weights doubles the image
        without changing a byte of them; it is the largest single waste found in ML images.
    Example: 26 GB of weights, shipped twice:

            COPY weights/ /models/
            RUN chown -R app:app /models

    Remedy: Set owner and mode where the files are made:

            COPY --chown=app:app --chmod=0644 weights/ /models/

    Fix safety: Review: `--chmod` gives one mode to files and directories alike; the user must exist or be given by
        number.
    Blind spots: Which of mode, owner, time and extended attributes changed is not told here (`layerscope diff` and
        `tree` show it). A copy with equal content may also come from a step that wrote the same file again.
    References: Dockerfile reference, "COPY --chown --chmod"; moby/moby issue 22810.
    """

    code: ClassVar[str] = "LAY103"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (EndedFiles, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a step that copies much, and one for all that copy little."""
        steps, small = split_steps(facts, "metadata")
        for step in steps:
            message = (
                f"{begin(tell_layer(step.layer, step.instruction))} ships {tell_count(step.files, 'file')} "
                f"({tell_size(step.size)}, {tell_share(share_of_image(step.size, facts))} of the image) of "
                f"{tell_origins(step)} again with the same content: {tell_folders(step.folders)}"
            )
            yield self.finding(
                message,
                *locate_step(step),
                severity=judge_waste(step.size, facts),
                fixes=(_suggest(step),),
                wasted=step.size,
            )
        if small.steps:
            message = (
                f"Later layers ship {small.describe()} again with the same content; too little to be worth a rebuild"
            )
            yield self.finding(message, *small.locate(), severity=Severity.INFO, wasted=small.size)


def _suggest(step: EndedFiles) -> Fix:
    """Set owner and mode where the files are made."""
    origin, folder = step.origins[0], step.folders[0]
    earlier = quote_instruction(origin.instruction) or f"the step of layer {origin.layer}"
    if origin.instruction.startswith(("COPY", "ADD")):
        word, _, rest = earlier.partition(" ")
        lead = f"Write `{word} --chown=USER:GROUP --chmod=MODE {rest}`."
    else:
        lead = f"End `{earlier}` with the chown or chmod of {tell_path(folder.path)}, joined by &&."
    return Fix(
        f"Set owner and mode of {tell_path(folder.path)} in the step that makes it (layer {origin.layer})",
        (lead, f"Drop the change of owner or mode from layer {step.layer}."),
    )
