"""A finding in the words and places that the formats of build pipelines share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.audit.result import INTEGRITY_CODES, AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.instruction import tell_instruction
from layerscope.report.instruction_lines import LineRange
from layerscope.report.places import root_path, unroot_path
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_count

FAMILY_NAMES: Final = {
    "LAY": "layers",
    "SYS": "system",
    "ELF": "elf",
    "PY": "python",
    "CUDA": "cuda",
    "CONF": "config",
    "PROBE": "probe",
}
"""The families of rules by the prefix of their codes, as their folders are called."""

CONFIG_FILE: Final = "config.json"
"""The file that a finding about the config or a layer's blob is shown in where no Dockerfile is known.

The OCI image specification calls that document the image's config; it has no name of its own in an image.
"""


@dataclass(frozen=True)
class Place:
    """Where a format that wants a file and a line shows a finding; `is_source` says that it is a Dockerfile's."""

    path: str
    lines: LineRange
    is_source: bool


def find_family(code: str) -> str:
    """The name of the family that a code belongs to."""
    return FAMILY_NAMES.get(code.rstrip("0123456789"), "other")


def is_failing(finding: Finding, context: RenderContext) -> bool:
    """Whether a finding makes the audit fail: at or above the threshold, or damage, which fails whatever it is."""
    if finding.code in INTEGRITY_CODES:
        return True
    return context.fail_on is not None and finding.severity >= context.fail_on


def find_place(finding: Finding, context: RenderContext) -> Place:
    """The line of the Dockerfile where that is known, else the first path in the image, else the config."""
    source = context.source
    lines = source.find_lines(finding) if source is not None else None
    if source is not None and lines is not None:
        return Place(source.name, lines, is_source=True)
    path = next((place.path for place in finding.locations if place.path), CONFIG_FILE)
    return Place(unroot_path(path), LineRange(1, 1, 1), is_source=False)


def list_layers(finding: Finding, result: AuditResult) -> Iterator[str]:
    """The layers that a finding lies in, each once, with their instructions."""
    seen = dict.fromkeys(place.layer for place in finding.locations if place.layer is not None)
    for number in seen:
        layer = next((each for each in result.layers if each.index == number), None)
        yield f"layer {number}: {tell_instruction(layer.step if layer else None)}"


def list_paths(finding: Finding) -> list[str]:
    """The paths that a finding lies at, each once, safe to show."""
    return list(
        dict.fromkeys(escape_text(root_path(place.path)) for place in finding.locations if place.path is not None)
    )


def tell_message(finding: Finding) -> str:
    """The message on one line; a finding without one has its rule's title."""
    return escape_line(finding.message) or escape_line(finding.title)


def describe_finding(finding: Finding, result: AuditResult, *, shown: int) -> list[str]:
    """All of a finding as lines of plain text: the message, where it lies, and what to do."""
    paths = list_paths(finding)
    lines = [tell_message(finding)]
    lines += [f"In {told}" for told in list_layers(finding, result)]
    lines += [f"At {path}" for path in paths[:shown]]
    if len(paths) > shown:
        lines.append(f"At {tell_count(len(paths) - shown, 'more path')}")
    for number, fix in enumerate(finding.fixes):
        lines.append(f"{'Or' if number else 'Fix'}: {escape_line(fix.title)}")
        lines += [f"  {escape_text(step)}" for step in fix.steps]
    return lines
