"""What is changed in a Dockerfile, below the plan: the diff, and why the rest of the findings get no change."""

from collections.abc import Iterator

from rich.text import Text

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.report.dockerfile_words import (
    tell_diff,
    tell_edits,
    tell_heading,
    tell_refused,
    tell_start,
    tell_unmatched,
)
from layerscope.report.escape import escape_text
from layerscope.report.markdown import enclose_lines, write_fence, write_prose
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.slashed import Slashed

_STYLES = {"+": "added", "-": "removed", "@": "muted"}


def draw_dockerfile(page: Page, proposal: DockerfileProposal) -> None:
    """The changes by title, the diff of all, what to build again, and what gets no change."""
    page.add_heading(escape_text(tell_heading(proposal)))
    for edit in proposal.edits:
        page.add(
            Slashed(
                Text.assemble((edit.code, "heading"), f" {escape_text(edit.title)}", (f" ({edit.safety})", "muted"))
            )
        )
    if start := tell_start(proposal):
        page.add(Slashed(Text(escape_text(start), "muted")))
    if proposal.edits:
        page.add_blank()
    for line in tell_diff(proposal):
        page.add_file_line(line, _STYLES.get(line[:1], "default"))
    page.add_blank()
    page.add(Slashed(Text(tell_edits(proposal), "heading")))
    for advice in proposal.rebuilds:
        page.add(Slashed(Text.assemble((advice.code, "heading"), f" {escape_text(advice.reason)}")))
        page.add_command(escape_text(proposal.write_command(advice.flags)), "")
    for reason in dict.fromkeys(map(tell_refused, proposal.refused)):
        page.add(Slashed(Text.assemble(("No change: ", "muted"), escape_text(reason))))
    for remark in tell_unmatched(proposal):
        page.add(Slashed(Text(escape_text(remark), "muted")))


def write_dockerfile(proposal: DockerfileProposal) -> Iterator[str]:
    """The same in Markdown."""
    yield from ("", f"## {write_prose(tell_heading(proposal))}", "")
    for edit in proposal.edits:
        yield f"- {edit.code}: {write_prose(edit.title)} ({edit.safety})"
    if start := tell_start(proposal):
        yield f"- {write_prose(start)}"
    if proposal.edits:
        yield from ("", *enclose_lines(tell_diff(proposal), "diff"), "")
    yield f"{write_prose(tell_edits(proposal))}"
    for advice in proposal.rebuilds:
        yield from (
            "",
            f"{advice.code}: {write_prose(advice.reason)}",
            "",
            *write_fence([proposal.write_command(advice.flags)], "sh"),
        )
    reasons = dict.fromkeys(map(tell_refused, proposal.refused))
    remarks = [*(f"No change: {reason}" for reason in reasons), *tell_unmatched(proposal)]
    yield from ("", *(f"- {write_prose(remark)}" for remark in remarks))
