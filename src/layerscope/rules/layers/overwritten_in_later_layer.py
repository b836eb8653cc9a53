"""LAY102: files are shipped in one layer and replaced in a later one."""

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


class OverwrittenInLaterLayer(Rule):
    """Files are shipped in one layer and replaced in a later one.

    What it checks: The bytes of files that an entry of a later layer, with other content, lies over, added up for
        each build step that replaces.
    Why it matters: Both versions are stored and pulled, the container sees one. Large cases are packages installed
        twice (torch from the base, then another torch) or upgraded over the base, and data that a later COPY brings
        again. A replaced library is also a frequent cause of conflicts that the older step did not know of.
    Example: The base installs torch 2.3, this step replaces 2.4 GB of it:

            FROM pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime
            RUN pip install vllm        # replaces torch with the one it was built for

    Remedy: Install the wanted version once: choose a base that has it, or one that has none. Copy data in one step.
    Fix safety: Review: another base or another order of steps can change what the image contains.
    Blind spots: Less than a megabyte a step is told together, as information: package databases, caches of the
        loader and logs are rewritten by every installation. Sizes are uncompressed.
    References: Dockerfile best practices, "Leverage build cache"; dive's wasted bytes.
    """

    code: ClassVar[str] = "LAY102"
    covers: ClassVar[tuple[int, ...]] = (52, 57)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (EndedFiles, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a step that replaces much, and one for all that replace little."""
        steps, small = split_steps(facts, "overwritten")
        for step in steps:
            message = (
                f"{begin(tell_layer(step.layer, step.instruction))} replaces {tell_count(step.files, 'file')} "
                f"({tell_size(step.size)}, {tell_share(share_of_image(step.size, facts))} of the image) of "
                f"{tell_origins(step)}: {tell_folders(step.folders)}; the image ships both versions"
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
                f"Later layers replace {small.describe()}: mostly package databases and caches that every step rewrites"
            )
            yield self.finding(message, *small.locate(), severity=Severity.INFO, wasted=small.size)


def _suggest(step: EndedFiles) -> Fix:
    """Bring the files once."""
    origin = step.origins[0]
    earlier = quote_instruction(origin.instruction) or f"the step of layer {origin.layer}"
    later = quote_instruction(step.instruction) or f"the step of layer {step.layer}"
    return Fix(
        f"Bring the files of layer {origin.layer} once, in the version that layer {step.layer} wants",
        (
            f"Join `{earlier}` and `{later}` into one step, or drop from the first what the second replaces.",
            "If the first belongs to the base image, choose a base with the wanted version: FROM BASE:TAG",
            "For Python packages, pin them in the first installation: pip install -c constraints.txt …",
        ),
    )
