"""A fix that was applied by a build, or a build that broke, as Markdown for a merge request."""

from collections.abc import Iterator

from layerscope.audit.built import Built
from layerscope.audit.changed_files import Counts, FileChange
from layerscope.audit.failed_build import FailedBuild
from layerscope.report.before_after import list_counts, list_sizes, write_findings, write_new_findings
from layerscope.report.build_words import list_done
from layerscope.report.dockerfile_words import tell_diff
from layerscope.report.failed_build_view import tell_causes, tell_edits, tell_output, tell_place
from layerscope.report.instruction import tell_instruction
from layerscope.report.markdown import enclose_lines, write_code, write_fence, write_prose, write_row
from layerscope.report.places import root_path, tell_reference
from layerscope.rules.wording import tell_size


def render_built_markdown(built: Built) -> str:
    """The verdict, the diff, before and after, layers, findings and files."""
    title = "Fixed" if built.is_proved else "Not fixed"
    lines = [f"# {title}: {write_code(tell_reference(built.before.image.reference))}", ""]
    lines += [*_tell_verdict(built), "", *(f"- {write_prose(line)}" for line in list_done(built.fix))]
    if built.fix.proposal.edits:
        lines += ["", *enclose_lines(tell_diff(built.fix.proposal), "diff")]
    lines += ["", write_row(("", "before", "after")), "| --- | ---: | ---: |"]
    lines += [write_row((label, tell_size(old), tell_size(new))) for label, old, new in list_sizes(built)]
    lines += [write_row((label, str(old), str(new))) for label, old, new in list_counts(built)]
    lines += ["", "## Layers", "", f"{len(built.shared)} of {len(built.after.layers)} are the old image's."]
    lines += ["", write_row(("layer", "size", "instruction")), "| ---: | ---: | --- |", *_write_layers(built)]
    lines += write_findings("Findings removed", built.findings.removed)
    lines += write_new_findings(built.findings.added, built.findings.graver)
    lines += write_findings("Findings kept", built.findings.kept)
    if built.renamed:
        lines += ["", *(f"- {write_prose(each.told)}" for each in built.renamed)]
    lines += _write_counts("Files of the steps that were changed", built.files.expected)
    lines += _write_counts("Files that changed too", built.files.others)
    if built.files.paths:
        lines += ["", *(f"- {write_code(root_path(path))}" for path in built.files.paths)]
    if built.settings:
        lines += ["", "## Config", "", *(f"- {write_prose(name)} changed" for name in built.settings)]
    return "\n".join(lines) + "\n"


def render_failed_markdown(failed: FailedBuild) -> str:
    """Where the build broke, its last words, and what explains it."""
    lines = [f"# Not built: {write_code(tell_reference(failed.before.image.reference))}", ""]
    lines += [f"{write_prose(tell_place(failed))}", ""]
    lines += [f"- {write_prose(line)}" for line in tell_edits(failed)]
    lines += ["", *write_fence(tell_output(failed), "text"), ""]
    lines += [f"- {write_prose(line)}" for line in tell_causes(failed)]
    return "\n".join(lines).rstrip() + "\n"


def _tell_verdict(built: Built) -> Iterator[str]:
    if built.is_proved:
        yield f"Built as {write_code(built.destination)}, audited, and compared with the image as it was."
        return
    yield "**Not kept:** the new image is not what it should be."
    yield ""
    yield from (f"- {write_prose(objection)}" for objection in built.objections)


def _write_layers(built: Built) -> Iterator[str]:
    for layer in built.after.layers:
        if layer.index not in built.shared:
            told = write_code(tell_instruction(layer.step))
            yield write_row((str(layer.index), tell_size(layer.size or 0), told))


def _write_counts(title: str, counts: Counts) -> list[str]:
    if not counts:
        return []
    rows = [
        write_row((write_code(folder), *(str(numbers[change]) for change in FileChange)))
        for folder, numbers in counts.items()
    ]
    head = write_row(("folder", *(change.value for change in FileChange)))
    return ["", f"## {title}", "", head, "| --- | ---: | ---: | ---: |", *rows]
