"""LAY105: the same content lies at several paths."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.repeated_files import Copy, RepeatedFiles
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import NEGLIGIBLE, judge_waste, share_of_image
from layerscope.rules.wording import begin, locate_folders, tell_count, tell_layer, tell_path, tell_share, tell_size


class DuplicateFile(Rule):
    """The same content lies at several paths.

    What it checks: Visible files of 4 KiB and more with equal SHA-256, counted beyond the first copy, and added up
        for each layer that brings the copies.
    Why it matters: Every copy is stored, pulled and cached again; compression does not find repetitions that are
        far apart. Large ones are copied virtual environments, CUDA libraries in `/usr/local/cuda` and again in
        `nvidia-*` wheels, and Hugging Face caches copied with their links followed.
    Example: A snapshot folder whose links became files:

            COPY --from=download /root/.cache/huggingface /models      # blobs/… and snapshots/… now both hold 15 GB

    Remedy: Keep one copy, and link to it or point programs there.
    Fix safety: Review: a program may write to its copy, or look for it where it is.
    Blind spots: Files under 4 KiB are left out, and so are hard links, which share their content. Equal content in
        different layers is often two packages shipping the same file; that cannot be cured in a Dockerfile. Similar
        files that differ in a byte are not found.
    References: docker-slim xray --detect-duplicates; vllm-project/vllm issue 14433; symptom catalogue, row 52.
    """

    code: ClassVar[str] = "LAY105"
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (RepeatedFiles, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer with many copies, and one for all that have few."""
        repeated = facts.of(RepeatedFiles)
        for fact in repeated:
            if fact.size >= NEGLIGIBLE:
                yield self._report(fact, facts)
        small = [fact for fact in repeated if fact.size < NEGLIGIBLE]
        if small:
            files, size = sum(fact.files for fact in small), sum(fact.size for fact in small)
            layers = tell_count(len(small), "layer")
            message = f"{tell_count(files, 'copy', 'copies')} of other files ({tell_size(size)}) lie in {layers}"
            places = locate_folders((), *(Evidence(layer=fact.layer, path=fact.evidence.path) for fact in small))
            yield self.finding(message, *places, severity=Severity.INFO, wasted=size)

    def _report(self, fact: RepeatedFiles, facts: FactSet) -> Finding:
        """The finding of one layer."""
        copy = fact.largest[0]
        message = (
            f"{begin(tell_layer(fact.layer, fact.instruction))} holds {tell_count(fact.files, 'file')} "
            f"({tell_size(fact.size)}, {tell_share(share_of_image(fact.size, facts))} of the image) whose content the "
            f"image has already; the largest is {tell_path(copy.path)} ({tell_size(copy.size)}), "
            f"equal to {tell_path(copy.first_path)} of layer {copy.first_layer}"
        )
        places = [Evidence(layer=fact.layer, path=item.path) for item in fact.largest]
        return self.finding(
            message,
            *locate_folders(fact.folders, *places),
            severity=judge_waste(fact.size, facts),
            fixes=(_suggest(fact.layer, copy),),
            wasted=fact.size,
        )


def _suggest(layer: int, copy: Copy) -> Fix:
    """Link instead of copying."""
    link = f"RUN ln -sf {tell_path(copy.first_path)} {tell_path(copy.path)}"
    return Fix(
        f"Keep one copy of {tell_path(copy.path)}",
        (
            f"Put a link in the place of the copy, in the step that makes it (layer {layer}): {link}",
            "Or copy once, to where the program looks for it; copy Hugging Face caches with their links (cp -a).",
        ),
    )
