"""Which edit brought what speaks against a new image, and how to leave it out."""

from collections.abc import Iterator

from layerscope.audit.build_fix import BuildFix
from layerscope.audit.result import AuditResult
from layerscope.fixes.dockerfile.edit import DockerfileEdit
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_list


def tell_way_out(finding: Finding, fix: BuildFix, after: AuditResult) -> str:
    """The edits of the steps that a new finding is about, as the end of a message; nothing where there are none."""
    edits = tuple(dict.fromkeys(_iter_edits(finding, fix, after)))
    if not edits:
        return ""
    codes = {each.code for each in edits}
    told = tell_list(f"{each.code} ({each.title})" for each in edits)
    others = sorted({*(each.code for each in fix.proposal.edits), *(each.code for each in fix.advice)} - codes)
    rest = (
        "; nothing is left without it"
        if not others
        else f"; leave it out: {' '.join(f'--only {code}' for code in others)}"
    )
    return f"; it came with the edit for {told}{rest}"


def _iter_edits(finding: Finding, fix: BuildFix, after: AuditResult) -> Iterator[DockerfileEdit]:
    """The edits behind the instructions that made the layers of a finding; the layer that comes first is at fault."""
    matched = match_dockerfile(fix.file.after, after.steps, fix.target, fix.proposal.matched.base_shell)
    for place in finding.locations[:1]:
        match = matched.find_match(place.layer)
        if match is not None:
            yield from (edit for edit in fix.file.find_edits(match.instruction) if edit in fix.proposal.edits)
