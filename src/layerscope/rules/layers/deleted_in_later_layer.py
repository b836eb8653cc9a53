"""LAY101: files are shipped in one layer and deleted in a later one."""

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
from layerscope.rules.wording import begin, quote_instruction, tell_count, tell_layer, tell_share, tell_size


class DeletedInLaterLayer(Rule):
    """Files are shipped in one layer and deleted in a later one.

    What it checks: The bytes of files that a whiteout of a later layer removes, added up for each build step that
        removes.
    Why it matters: A layer cannot be changed by those above it. What a later step deletes is out of sight and still
        stored, pulled and kept on every node; if it was a secret, it still can be read.
    Example: Three steps, of which the last saves nothing:

            RUN curl -O https://example.com/cuda.run
            RUN sh cuda.run --silent
            RUN rm cuda.run

    Remedy: Delete files in the step that makes them, or make them in a stage of their own and copy the result:

            RUN curl -O https://example.com/cuda.run && sh cuda.run --silent && rm cuda.run

    Fix safety: Review: steps that are joined are also cached together.
    Blind spots: Deletions of less than a megabyte a step are told together, as information. Sizes are uncompressed;
        the registry stores less. Hard links that keep a file's content alive are taken into account.
    References: Dockerfile best practices, "Minimize the number of layers" and "Multi-stage builds"; dive's wasted
        bytes.
    """

    code: ClassVar[str] = "LAY101"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (EndedFiles, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a step that deletes much, and one for all that delete little."""
        steps, small = split_steps(facts, "removed")
        for step in steps:
            message = (
                f"{begin(tell_layer(step.layer, step.instruction))} deletes {tell_count(step.files, 'file')} "
                f"({tell_size(step.size)}, {tell_share(share_of_image(step.size, facts))} of the image) that "
                f"{tell_origins(step)} brought: {tell_folders(step.folders)}; the bytes stay in the image"
            )
            yield self.finding(
                message,
                *locate_step(step),
                severity=judge_waste(step.size, facts),
                fixes=(_suggest(step),),
                wasted=step.size,
            )
        if small.steps:
            message = f"Later layers delete {small.describe()}; too little to be worth a rebuild"
            yield self.finding(message, *small.locate(), severity=Severity.INFO, wasted=small.size)


def _suggest(step: EndedFiles) -> Fix:
    """Delete where the files are made."""
    origin, command = step.origins[0], quote_instruction(step.instruction.removeprefix("RUN ").strip())
    made_by = (
        f"`{quote_instruction(origin.instruction)}`" if origin.instruction else f"the step of layer {origin.layer}"
    )
    if origin.instruction.startswith(("COPY", "ADD")):
        lead = f"Copy less: narrow {made_by}, or name what is deleted later in .dockerignore."
    elif step.instruction.startswith("RUN "):
        lead = f"Move the deletion to the end of {made_by}: && {command}"
    else:
        lead = f"Delete the files at the end of {made_by}, joined by &&."
    return Fix(
        f"Delete the {tell_size(origin.size)} in the step that makes them (layer {origin.layer}, not {step.layer})",
        (
            lead,
            "Or make the files in a stage of their own, and take over the result: COPY --from=build /result /result",
            f"If layer {origin.layer} belongs to the base image, choose a base that does not have them.",
        ),
    )
