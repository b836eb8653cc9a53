"""A build that broke: the instruction, its last words, and the finding or known error that explains it."""

from collections.abc import Iterator

from layerscope.audit.failed_build import FailedBuild
from layerscope.formats.secret_text import redact_text
from layerscope.report.build_words import hide_values
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_text
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.terminal.page import Page
from layerscope.rules.wording import quote_instruction

SHOWN_LINES = 12
"""Lines of output that a terminal shows; they have all scrolled by before, unless that was not wanted."""


def render_failed_text(failed: FailedBuild, context: RenderContext) -> str:
    """Where it broke, which edit made it so, what it said last, and what that means."""
    page = Page(context)
    page.add_line((f"{page.symbols.bad} ", "bad"), escape_text(tell_place(failed)))
    for line in tell_edits(failed):
        page.add_line(escape_text(line), indent=2)
    if failed.output:
        page.add_heading("Its last words")
    for line in tell_output(failed)[-SHOWN_LINES:]:
        page.add_line(escape_text(line), indent=2)
    causes = list(tell_causes(failed))
    if causes:
        page.add_heading("What explains it")
    for line in causes:
        page.add_line(escape_text(line), indent=2)
    return page.read()


def tell_place(failed: FailedBuild) -> str:
    """Where the build broke, in one sentence."""
    end = f"{failed.destination} stays as it is"
    if not failed.instruction:
        how = f"with exit code {failed.exit_code}" if failed.exit_code > 0 else f"by signal {-failed.exit_code}"
        return f"Not built: the builder ended {how} before any step failed; {end}"
    where = f"line {failed.line}" if failed.line is not None else "a step"
    return f"Not built: {where} failed: `{quote_instruction(redact_text(failed.instruction))}`; {end}"


def tell_output(failed: FailedBuild) -> list[str]:
    """What the step said last, without credentials."""
    return [redact_text(line) for line in failed.output]


def tell_edits(failed: FailedBuild) -> Iterator[str]:
    """Why the step was not what it was before: made anew, changed, or below what was changed."""
    yield from (f"{each.code} asks for {' '.join(each.flags)}: {each.reason}" for each in failed.advice)
    yield from (f"changed by {edit.code}: {edit.title}" for edit in failed.edits)
    yield from (f"changed above it by {edit.code}: {edit.title}" for edit in failed.edits_above)


def tell_causes(failed: FailedBuild) -> Iterator[str]:
    """Each known error with its meaning, the findings behind it, and its first cure."""
    for cause in failed.causes:
        known = cause.explanation
        yield f"{known.id}: {known.title}. {known.meaning}"
        yield from (f"{finding.code} {finding.message}" for finding in cause.findings)
        if known.cures:
            yield f"Cure: {known.cures[0].title}{''.join(f': {line}' for line in known.cures[0].commands[:1])}"


def render_failed_json(failed: FailedBuild) -> str:
    """The same for a program."""
    before = failed.before
    return encode_json(
        {
            **head_document(),
            "image": build_image(before.image, before.layers, before.base),
            "result": {"destination": failed.destination, "written": False},
            "failure": {
                "command": hide_values(failed.command),
                "exit_code": failed.exit_code,
                "line": failed.line,
                "instruction": redact_text(failed.instruction),
                "edits": [{"code": edit.code, "title": edit.title} for edit in failed.edits],
                "rebuilds": [{"code": each.code, "reason": each.reason} for each in failed.advice],
                "edits_above": [{"code": edit.code, "title": edit.title} for edit in failed.edits_above],
                "output": tell_output(failed),
                "causes": [
                    {
                        "id": cause.explanation.id,
                        "title": cause.explanation.title,
                        "meaning": cause.explanation.meaning,
                        "findings": [build_finding(finding, before) for finding in cause.findings],
                    }
                    for cause in failed.causes
                ],
            },
        }
    )
