"""Findings as SARIF results: level, message, places and fingerprints; all text of the image escaped."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.finding_words import CONFIG_FILE, describe_finding, find_place, list_paths
from layerscope.report.fingerprint import Fingerprint
from layerscope.report.instruction import tell_instruction
from layerscope.report.instruction_lines import LineRange
from layerscope.report.origin import find_finding_origin, find_layer
from layerscope.report.places import unroot_path
from layerscope.report.sarif.levels import LEVELS
from layerscope.report.sarif.rules import Document
from layerscope.rules.finding import Finding, Location

ROOT_BASE: Final = "IMAGEROOT"
"""What paths in the image's file system are relative to."""

CONFIG_BASE: Final = "IMAGECONFIG"
"""What the image's config is relative to, which is no file of its file system."""

SOURCE_BASE: Final = "%SRCROOT%"
"""What a Dockerfile's path is relative to, as viewers know it (SARIF 2.1.0, 3.14.14)."""

LOCATIONS_LIMIT: Final = 100
"""Locations of a result; GitHub includes no more, and refuses results with over 1,000:
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
"""

_TOLD_PATHS: Final = 10
WHOLE_FILE: Final = LineRange(1, 1, 1)
"""Where a file as a whole is meant: GitHub wants a line of each place."""


@dataclass(frozen=True)
class ImageBases:
    """What the places of one image are relative to, and the name below which its parts are told."""

    root: str = ROOT_BASE
    config: str = CONFIG_BASE
    image: str = "image"


def build_result(
    finding: Finding,
    fingerprint: Fingerprint,
    result: AuditResult,
    context: RenderContext,
    rules: dict[str, int],
    *,
    bases: ImageBases = ImageBases(),
) -> Document:
    """One result; GitHub shows the first of its places."""
    document: Document = {"ruleId": finding.code}
    if finding.code in rules:
        document["ruleIndex"] = rules[finding.code]
    lines = describe_finding(finding, result, shown=_TOLD_PATHS)
    return {
        **document,
        "level": LEVELS[finding.severity],
        "message": {"text": write_message("\n".join(lines))},
        "locations": _build_locations(finding, result, context, bases),
        "partialFingerprints": {
            "primaryLocationLineHash": fingerprint.counted,
            "layerscopeFinding/v1": fingerprint.text,
        },
        "properties": _build_properties(finding, result),
    }


def write_message(text: str) -> str:
    """Text in which no viewer sees a link of SARIF's own: `[text](target)` (SARIF 2.1.0, 3.11.6).

    A backslash before a bracket alone would not do where the image brings a backslash of its own.
    """
    return text.replace("](", "] (").replace("[", "\\[").replace("]", "\\]")


def _build_locations(
    finding: Finding, result: AuditResult, context: RenderContext, bases: ImageBases
) -> list[Document]:
    """The line of the Dockerfile, if it is known, then the places in the image."""
    places = list(dict.fromkeys(finding.locations))
    built = [_build_location(place, result, bases) for place in places]
    source = find_place(finding, context)
    if source.is_source:
        physical = build_physical(source.path, SOURCE_BASE, source.lines)
        built.insert(0, {"physicalLocation": physical, "logicalLocations": [_build_logical(places[0], result, bases)]})
    return built[:LOCATIONS_LIMIT]


def _build_location(place: Location, result: AuditResult, bases: ImageBases) -> Document:
    if place.path:
        physical = build_physical(unroot_path(place.path), bases.root, WHOLE_FILE)
    else:
        physical = build_physical(CONFIG_FILE, bases.config, WHOLE_FILE)
    return {"physicalLocation": physical, "logicalLocations": [_build_logical(place, result, bases)]}


def build_physical(path: str, base: str, lines: LineRange) -> Document:
    """Lines of a file, relative to a base."""
    region = {
        "startLine": lines.first,
        "startColumn": 1,
        "endLine": lines.last,
        "endColumn": lines.end_column,
    }
    return {"artifactLocation": {"uri": write_uri(path), "uriBaseId": base}, "region": region}


def write_uri(path: str) -> str:
    """A path as a relative URI: every byte but letters, digits, `-._~` and slashes written out, none a scheme."""
    return quote(path.encode("utf-8", "surrogateescape" if _is_bytes(path) else "surrogatepass"), safe="/")


def _is_bytes(path: str) -> bool:
    """Whether lone surrogates of a path stand for bytes that are not UTF-8, and for nothing else."""
    return all("\udc80" <= sign <= "\udcff" for sign in path if "\ud800" <= sign <= "\udfff")


def _build_logical(place: Location, result: AuditResult, bases: ImageBases) -> Document:
    """The layer by its instruction, which stays where layers are numbered anew, or the config."""
    layer = find_layer(place, result)
    if layer is None:
        return {"name": "config", "fullyQualifiedName": f"{bases.image}/config", "kind": "config"}
    instruction = tell_instruction(layer.step)
    return {"name": f"layer {layer.index}", "fullyQualifiedName": f"{bases.image}/{instruction}", "kind": "layer"}


def _build_properties(finding: Finding, result: AuditResult) -> Document:
    layers = {place.layer: find_layer(place, result) for place in finding.locations}
    return {
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "origin": find_finding_origin(finding, result),
        "wasted": finding.wasted,
        "confirmed": escape_line(finding.confirmed) or None,
        "paths": list_paths(finding),
        "layers": [
            {
                "index": layer.index,
                "digest": str(layer.digest) if layer.digest else None,
                "instruction": tell_instruction(layer.step),
            }
            for layer in layers.values()
            if layer is not None
        ],
        "fixes": _build_fixes(finding),
    }


def _build_fixes(finding: Finding) -> list[Document]:
    """What to do; SARIF's own `fixes` are changes of a file's bytes."""
    return [
        {
            "title": escape_line(fix.title),
            "kind": str(fix.kind),
            "safety": str(fix.safety),
            "steps": _escape_all(fix.steps),
        }
        for fix in finding.fixes
    ]


def _escape_all(texts: Iterable[str]) -> list[str]:
    return [escape_text(text) for text in texts]
