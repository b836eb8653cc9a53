"""A fix that was applied, as Markdown for a merge request."""

from collections.abc import Iterator

from layerscope.audit.applied import Applied, LayerOutcome, list_layer_changes
from layerscope.formats.secret_text import redact_text
from layerscope.report.applied_view import (
    HIDDEN,
    list_put,
    tell_bases,
    tell_rebase,
    tell_rebased,
    tell_times,
    tell_unshared,
)
from layerscope.report.before_after import list_counts, list_sizes, write_findings, write_new_findings
from layerscope.report.instruction import tell_instruction
from layerscope.report.markdown import write_code, write_prose, write_row
from layerscope.report.places import root_path, tell_reference
from layerscope.rules.wording import tell_size

SHOWN_PATHS = 20
"""Paths that are gone which are named."""


def render_applied_markdown(applied: Applied) -> str:
    """The verdict, before and after, layers, and findings; all text of the image stands in code spans."""
    title = "Fixed" if applied.is_proved else "Not fixed"
    lines = [f"# {title}: {write_code(tell_reference(applied.before.image.reference))}", ""]
    lines += [*_tell_verdict(applied), ""]
    if applied.rebase is not None:
        lines += [f"Base image: {write_code(tell_bases(applied.rebase))}", ""]
    lines += [write_row(("", "before", "after")), "| --- | ---: | ---: |"]
    lines += [write_row((label, tell_size(old), tell_size(new))) for label, old, new in list_sizes(applied)]
    lines += [write_row((label, str(old), str(new))) for label, old, new in list_counts(applied)]
    lines += ["", "## Layers", "", write_row(("layer", "outcome", "before", "after", "instruction"))]
    lines += ["| ---: | --- | ---: | ---: | --- |", *_write_layers(applied)]
    lines += ["", f"{told}."] if (told := tell_unshared(applied)) else []
    lines += [*write_findings("Findings removed", applied.removed), *write_new_findings(applied.added, applied.graver)]
    if applied.variables or applied.changes or applied.hides_credentials:
        lines += ["", "## Config", "", *_write_variables(applied)]
    if changes := tell_rebase(applied):
        lines += ["", "## Config", "", *(f"- {write_code(change)}" for change in changes)]
    if applied.cuts.files:
        lines += ["", "## Files put there", "", *(f"- {write_code(told)}" for told in list_put(applied))]
    if applied.cuts.latest is not None:
        lines += ["", "## Times", "", f"Times {tell_times(applied)}."]
    gone = [f"- {write_code(root_path(path))}" for path in sorted(applied.cuts.paths)[:SHOWN_PATHS]]
    more = [f"- and {len(applied.cuts.paths) - SHOWN_PATHS:,} more"] if len(applied.cuts.paths) > SHOWN_PATHS else []
    if gone:
        lines += ["", "## Paths that are gone", "", *gone, *more]
    if applied.cuts.left:
        heading = "To know" if applied.rebase is not None else "Left as it was"
        lines += ["", f"## {heading}", "", *(f"- {write_prose(reason)}" for reason in applied.cuts.left)]
    if applied.missed:
        lines += ["", "## Dropped all the same", "", *(f"- {write_prose(reason)}" for reason in applied.missed)]
    return "\n".join(lines) + "\n"


def _tell_verdict(applied: Applied) -> Iterator[str]:
    if applied.is_proved:
        if applied.rebase is not None:
            yield f"Written to {write_code(applied.destination)} and audited: the new base's layers and the image's own"
            yield f"{tell_rebased(applied)}."
            return
        yield f"Written to {write_code(applied.destination)}, audited, and compared: every file that is not named below"
        yield "is as it was."
        return
    yield "**Not written:** the new image is not what it should be."
    yield ""
    yield from (f"- {write_prose(objection)}" for objection in applied.objections)


def _write_variables(applied: Applied) -> Iterator[str]:
    for name, value in sorted(applied.variables.items()):
        yield f"- {write_code(f'{name}={value}')}" if value is not None else f"- {write_code(name)} is not set any more"
    yield from (f"- {write_code(redact_text(change))}" for change in applied.changes)
    if applied.hides_credentials:
        yield f"- {HIDDEN}"


def _write_layers(applied: Applied) -> Iterator[str]:
    for change in list_layer_changes(applied):
        if change.outcome is LayerOutcome.KEPT:
            continue
        sizes = ("" if size is None else tell_size(size) for size in (change.before, change.after))
        told = write_code(tell_instruction(change.step))
        yield write_row((str(change.number), change.outcome.value, *sizes, told))
