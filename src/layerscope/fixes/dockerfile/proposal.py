"""All that can be edited in a Dockerfile for an image's findings, and why the rest cannot."""

from dataclasses import dataclass
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.applying import apply_edits, render_diff
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.edits.buffered_output import edit_buffered_output
from layerscope.fixes.dockerfile.edits.deletion import edit_deletions
from layerscope.fixes.dockerfile.edits.health_check import edit_health_check
from layerscope.fixes.dockerfile.edits.library_path import edit_library_path
from layerscope.fixes.dockerfile.edits.ownership import edit_ownership
from layerscope.fixes.dockerfile.edits.package_cache import edit_package_caches
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.rebuild import RebuildAdvice, advise_rebuilds
from layerscope.rules.finding import Finding

EDITORS: Final = (
    edit_deletions,
    edit_ownership,
    edit_package_caches,
    edit_library_path,
    edit_buffered_output,
    edit_health_check,
)


@dataclass(frozen=True)
class DockerfileProposal:
    """The edits in order, with a diff each; the text with all that go together; and what gets no edit, with the reason.

    The edits that are left out because of others are among `refused`, too.
    """

    matched: MatchedDockerfile
    edits: tuple[DockerfileEdit, ...]
    diffs: tuple[str, ...]
    text: str
    refused: tuple[NoEdit, ...]
    rebuilds: tuple[RebuildAdvice, ...]

    @property
    def diff(self) -> str:
        """The unified diff of all edits together."""
        return render_diff(self.matched.dockerfile.text, self.text)


def propose_edits(findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile) -> DockerfileProposal:
    """Ask every editor, and apply what goes together; nothing where the image was not built from this file."""
    dockerfile = matched.dockerfile
    if not matched.is_related:
        unrelated = NoEdit("", None, "the image was not built from this Dockerfile: its history has other instructions")
        return DockerfileProposal(matched, (), (), dockerfile.text, (unrelated,), ())
    results = [result for editor in EDITORS for result in editor(findings, facts, matched)]
    text, kept, left_out = apply_edits(dockerfile, (each for each in results if isinstance(each, DockerfileEdit)))
    diffs = tuple(render_diff(dockerfile.text, apply_edits(dockerfile, [edit])[0]) for edit in kept)
    refused = tuple(each for each in results if isinstance(each, NoEdit))
    return DockerfileProposal(matched, kept, diffs, text, (*refused, *left_out), advise_rebuilds(findings, matched))
