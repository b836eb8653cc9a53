"""LAY105: the same content lies at several paths."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.repeated_files import RepeatedFiles
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.finding import Finding
from layerscope.rules.repeated_files import list_repeated, ships_with_packages, suggest_links
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import judge_waste, share_of_image
from layerscope.rules.wording import (
    SHOWN_LOCATIONS,
    begin,
    locate_folders,
    tell_count,
    tell_folders,
    tell_layer,
    tell_path,
    tell_share,
    tell_size,
)

ORDINARY: Final = 10_000_000
"""Packages ship the same files as others do; below ten megabytes a layer, nothing else is meant by it."""

SHOWN_FOLDERS: Final = 10
"""Folders among the locations; the largest copies that lie elsewhere follow them."""


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
    Blind spots: Files under 4 KiB are left out, and so are hard links, which share their content; less than ten
        megabytes a layer is told together, as information, and so is what packages of one environment repeat. Copies
        of CUDA are CUDA020's matter. Similar files that differ in a byte are not found.
    References: docker-slim xray --detect-duplicates; vllm-project/vllm issue 14433.
    """

    code: ClassVar[str] = "LAY105"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (RepeatedFiles, ImageWeight, CudaCopy, Framework)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer with many copies, and one for all that have few."""
        repeated = list_repeated(facts)
        large = [fact for fact in repeated if fact.size >= ORDINARY or judge_waste(fact.size, facts) > Severity.LOW]
        for fact in large:
            yield self._report(fact, facts)
        small = [fact for fact in repeated if fact not in large]
        if small:
            files, size = sum(fact.files for fact in small), sum(fact.size for fact in small)
            message = (
                f"{tell_count(len(small), 'layer')} {'hold' if len(small) > 1 else 'holds'} copies of "
                f"other files: {tell_count(files, 'file')}, {tell_size(size)}; packages often ship the same files"
            )
            places = locate_folders((), *(Evidence(layer=fact.layer, path=fact.evidence.path) for fact in small))
            yield self.finding(message, *places, severity=Severity.INFO, wasted=size)

    def _report(self, fact: RepeatedFiles, facts: FactSet) -> Finding:
        """The finding of one layer."""
        copy = fact.largest[0]
        message = (
            f"{begin(tell_layer(fact.layer, fact.instruction))} holds {tell_count(fact.files, 'file')} "
            f"({tell_size(fact.size)}, {tell_share(share_of_image(fact.size, facts))} of the image) whose content the "
            f"image has already: {tell_folders(fact.folders, fact.files)}; {tell_path(copy.path)} "
            f"({tell_size(copy.size)}) equals {tell_path(copy.first_path)} of layer {copy.first_layer}"
        )
        shown = fact.folders[:SHOWN_FOLDERS]
        named = tuple(f"{folder.path}/" if folder.path else "" for folder in shown)
        places = [
            Evidence(layer=fact.layer, path=item.path) for item in fact.largest if not item.path.startswith(named)
        ]
        if ships_with_packages(fact):
            message += "; packages of one environment ship the same files"
            return self.finding(message, *locate_folders(shown), severity=Severity.INFO, wasted=fact.size)
        return self.finding(
            message,
            *[*locate_folders(shown), *places][:SHOWN_LOCATIONS],
            severity=judge_waste(fact.size, facts),
            fixes=(suggest_links(fact, copy),),
            wasted=fact.size,
        )
