"""The SARIF format: an audit as one run of SARIF 2.1.0."""

import re
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line
from layerscope.report.fingerprint import fingerprint_findings
from layerscope.report.format import Format
from layerscope.report.places import find_engine_name
from layerscope.report.sarif.log import build_driver, build_notification, write_log
from layerscope.report.sarif.results import CONFIG_BASE, ROOT_BASE, SOURCE_BASE, build_result, write_message
from layerscope.report.sarif.rules import Document, build_rules, index_rules
from layerscope.rules.order import order_findings
from layerscope.rules.wording import tell_count

GAPS_LIMIT: Final = 1_000
"""Gaps that are told one by one; the last line says how many there are."""

_SCHEME: Final = re.compile(r"^[a-z-]+:(?=[^:]*$|[./])")
_SUFFIX: Final = re.compile(r"\.(?:tar(?:\.[a-z0-9]+)?|tgz)$")
_UNNAMED: Final = re.compile(r"[^A-Za-z0-9._/-]+")


class SarifFormat(Format):
    """For viewers, editors and GitHub's code scanning."""

    name = "sarif"
    suffix = ".sarif"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return one run, with the worst results alone where all would be too much."""
        return write_log(lambda limit: _build_run(result, context, limit=limit))


def _build_run(result: AuditResult, context: RenderContext, *, limit: int) -> Document:
    found, rules = order_findings(result.findings), index_rules()
    told = list(fingerprint_findings(found, result))[:limit]
    left_out = len(found) - len(told)
    return {
        "tool": {"driver": build_driver(build_rules())},
        "automationDetails": _build_details(result),
        "invocations": [_build_invocation(result, context, left_out=left_out)],
        "originalUriBaseIds": _build_bases(),
        "columnKind": "unicodeCodePoints",
        "results": [build_result(finding, print_, result, context, rules) for finding, print_ in told],
        "properties": _build_properties(result, left_out=left_out),
    }


def _build_details(result: AuditResult) -> Document:
    """The run's identity: GitHub takes all before the last slash for a category, one for each image."""
    image = result.image
    digest = image.manifest_digest or image.config_digest
    return {
        "id": f"layerscope/{name_category(result)}/{digest}",
        "description": {"text": write_message(f"Audit of {escape_line(image.reference)}")},
    }


def name_category(result: AuditResult) -> str:
    """What an image is called in all of its versions: its name without tag, a file's without folder and suffix."""
    name = find_engine_name(result.image).partition("@")[0]
    if not name:
        name = _SCHEME.sub("", result.image.reference).rstrip("/").rpartition("/")[2]
    head, colon, tag = name.rpartition(":")
    name = head if colon and "/" not in tag else name
    return _UNNAMED.sub("-", _SUFFIX.sub("", name)).strip("-/") or "image"


def _build_invocation(result: AuditResult, context: RenderContext, *, left_out: int) -> Document:
    """How the audit ended, and what it could not read; a requested probe that could not run is no success."""
    notes = [(f"{gap.what} ({gap.where}): {gap.why}", "warning") for gap in sorted(result.gaps)[:GAPS_LIMIT]]
    if len(result.gaps) > GAPS_LIMIT:
        notes.append((f"{tell_count(len(result.gaps) - GAPS_LIMIT, 'more part')} could not be read", "warning"))
    if result.probed is not None and result.probed.refusal:
        notes.append((f"the probe could not run: {result.probed.refusal}", "error"))
    if left_out:
        notes.append((f"{tell_count(left_out, 'finding')} left out: a file of SARIF can hold no more", "warning"))
    return {
        "executionSuccessful": result.probed is None or result.probed.is_proof,
        "exitCode": context.exit_code,
        "toolExecutionNotifications": [build_notification(text, level) for text, level in notes],
    }


def _build_bases() -> dict[str, Document]:
    """What the places are relative to; none of it has an address of its own."""
    told = {
        ROOT_BASE: "The root of the image's file system",
        CONFIG_BASE: "The image's config, and the layers that it lists",
        SOURCE_BASE: "The folder that the Dockerfile's path starts from",
    }
    return {name: {"description": {"text": text}} for name, text in told.items()}


def _build_properties(result: AuditResult, *, left_out: int) -> Document:
    image = result.image
    return {
        "reference": escape_line(image.reference),
        "manifestDigest": str(image.manifest_digest) if image.manifest_digest else None,
        "configDigest": str(image.config_digest),
        "platform": escape_line(str(image.config.platform)),
        "base": escape_line(result.base.reference) if result.base else None,
        "ignored": result.ignored,
        "leftOut": left_out,
    }
