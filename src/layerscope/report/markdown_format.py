"""The Markdown format: an audit for a merge request, or for the summary of a job on GitHub.

GitHub takes up to 1 MiB of a step's summary, and drops one that is longer:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.fixes.plan import plan_fixes
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import Outcome
from layerscope.report.context import RenderContext
from layerscope.report.damage import IMAGE, Flaw, find_flaw
from layerscope.report.finding_words import list_layers, list_paths, tell_message
from layerscope.report.format import Format
from layerscope.report.instruction import tell_instruction
from layerscope.report.markdown import write_code, write_fence, write_prose, write_row
from layerscope.report.places import tell_reference
from layerscope.report.terminal.gpu_table import ORDER, WORDS
from layerscope.rules.finding import Finding
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_share, tell_size

SIZE_LIMIT: Final = 1_000_000
"""Bytes of the whole, a little below GitHub's limit and at GitLab's for a comment."""

SHOWN_PATHS: Final = 20
"""Paths of a finding that are named."""

SIGNS: Final = {
    Severity.CRITICAL: "🟥",
    Severity.HIGH: "🟧",
    Severity.MEDIUM: "🟨",
    Severity.LOW: "🟦",
    Severity.INFO: "⬜",
}


class Sign(StrEnum):
    """How good something is, at a glance."""

    GOOD = "✅"
    DOUBT = "⚠️"
    BAD = "❌"


class MarkdownFormat(Format):
    """For people who read a change: the verdict and the worst first, what is long folded away."""

    name = "markdown"
    suffix = ".md"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the report; sections that would make it too long are left out, and that is told."""
        text, left_out = "", 0
        for block in _iter_blocks(result, context):
            lines = "\n".join(block) + "\n\n"
            if left_out or len(text.encode()) + len(lines.encode()) > SIZE_LIMIT:
                left_out += 1
            else:
                text += lines
        if left_out:
            text += f"{tell_count(left_out, 'more part')} of the report left out for its length\n"
        return text.rstrip("\n") + "\n"


def _iter_blocks(result: AuditResult, context: RenderContext) -> Iterator[Sequence[str]]:
    """The parts of the report in the order of their weight."""
    found = order_findings(result.findings)
    yield [f"# Audit of {write_code(tell_reference(result.image.reference))}"]
    yield list(_tell_verdict(result, context))
    yield list(_write_image(result))
    if result.gpus:
        yield list(_write_gpus(result))
    yield from _iter_findings(found, result, context)
    if result.gaps:
        yield list(_write_gaps(result, context))
    if result.layers:
        yield _fold(f"{tell_count(len(result.layers), 'layer')}", list(_write_layers(result)))


def _tell_verdict(result: AuditResult, context: RenderContext) -> Iterator[str]:
    """Whether the bytes are what they should be, whether the audit passes, and what was found."""
    unproved = sum(not layer.verified for layer in result.layers)
    layers = tell_count(len(result.layers), "layer")
    if not result.is_intact:
        flaw = find_flaw(result)
        word = "Unread" if flaw is Flaw.LIMITED else "Damaged"
        yield _mark(context, Sign.BAD, word, f"the image {IMAGE[flaw]}")
    elif unproved:
        yield _mark(context, Sign.DOUBT, "Unproved", f"{unproved} of {layers} could not be checked against the digests")
    elif result.layers:
        yield _mark(context, Sign.GOOD, "Intact", f"every byte of {layers} is what its digest says")
    else:
        yield _mark(context, Sign.GOOD, "Intact", "the image has no layers")
    if result.probed is not None:
        yield from ("", _tell_probe(result.probed, context))
    counts = Counter(finding.severity for finding in result.findings)
    told = (
        f"{_sign(context, SIGNS[severity])}{counts[severity]:,} {severity}" for severity in sorted(counts, reverse=True)
    )
    sign, verdict = (Sign.BAD, "Failed") if context.exit_code else (Sign.GOOD, "Passed")
    threshold = "never" if context.fail_on is None else str(context.fail_on)
    yield from ("", _mark(context, sign, verdict, f"{', '.join(told) or 'nothing found'} (fails on: {threshold})"))
    if result.ignored:
        yield from ("", f"{tell_count(result.ignored, 'finding')} of the base image left out on request.")


def _tell_probe(probed: Probed, context: RenderContext) -> str:
    """What the running image did."""
    verdict = probed.verdict
    if verdict is None:
        return _mark(context, Sign.DOUBT, "Not probed", write_prose(probed.refusal))
    if verdict.is_good:
        return _mark(context, Sign.GOOD, "Proved", write_prose(verdict.title))
    reason = f": {write_prose(verdict.reason)}" if verdict.reason else ""
    if verdict.outcome is Outcome.UNPROVED:
        return _mark(context, Sign.DOUBT, "Unproved", f"{write_prose(verdict.title)}{reason}")
    return _mark(context, Sign.BAD, "Broken", f"{write_prose(verdict.title)}{reason}")


def _mark(context: RenderContext, sign: str, word: str, told: str) -> str:
    return f"**{_sign(context, sign)}{word}:** {told}"


def _sign(context: RenderContext, sign: str) -> str:
    """A sign before a word, where signs can be written."""
    return f"{sign} " if context.unicode else ""


def _write_image(result: AuditResult) -> Iterator[str]:
    """Which image this is, as a table without a heading."""
    image, weight = result.image, result.weight
    stored = [layer.size for layer in result.layers]
    rows = [("digest", write_code(str(image.manifest_digest or image.config_digest)))]
    rows.append(("platform", write_code(str(image.config.platform))))
    if None not in stored:
        rows.append(("size", f"{tell_size(sum(size or 0 for size in stored))} in {tell_count(len(stored), 'layer')}"))
    if weight.total:
        more = "" if result.is_whole else "at least "
        share = f" ({tell_share(weight.wasted / weight.total)})" if weight.wasted else ""
        rows.append(("waste", f"{more}{tell_size(weight.wasted)}{share}"))
    if result.base is not None:
        rows.append(("base", f"{write_code(result.base.reference)}, {tell_count(result.base.layers, 'layer')}"))
    yield write_row(("image", ""))
    yield "| --- | --- |"
    yield from (write_row(row) for row in rows)


def _write_gpus(result: AuditResult) -> Iterator[str]:
    """On which GPUs the image computes; those that one reason decides share a row."""
    rows: dict[tuple[Verdict, str], list[str]] = {}
    for verdict in sorted(result.gpus, key=lambda verdict: ORDER.index(verdict.verdict)):
        name = f"{verdict.name} ({verdict.node})" if verdict.node else verdict.name
        rows.setdefault((verdict.verdict, verdict.reason), []).append(name)
    yield write_row(("GPU", "verdict", "why"))
    yield "| --- | --- | --- |"
    for (kind, reason), names in rows.items():
        yield write_row((write_prose(", ".join(names)), WORDS[kind], write_prose(reason)))


def _iter_findings(found: Sequence[Finding], result: AuditResult, context: RenderContext) -> Iterator[Sequence[str]]:
    """A table of the findings, then each of them folded."""
    if not found:
        return
    limit = len(found) if context.limit is None else context.limit
    table = ["## Findings", "", write_row(("severity", "code", "finding")), "| --- | --- | --- |"]
    for finding in found[:limit]:
        sign = f"{_sign(context, SIGNS[finding.severity])}{finding.severity}"
        table.append(write_row((sign, finding.code, write_prose(tell_message(finding)))))
    if len(found) > limit:
        table += ["", f"and {tell_count(len(found) - limit, 'more finding')} (`--limit 0` shows all)"]
    yield table
    if plan := plan_fixes(found, base_layers=result.base_layers).steps:
        steps = [f"{number}. {write_prose(step.fix.title)}" for number, step in enumerate(plan, start=1)]
        yield _fold(f"What to change: {tell_count(len(plan), 'step')}", steps)
    for finding in found[:limit]:
        yield _fold(f"{finding.code} {finding.rule}", list(_write_finding(finding, result)))


def _write_finding(finding: Finding, result: AuditResult) -> Iterator[str]:
    """Where a finding lies, and what to do."""
    yield write_prose(tell_message(finding))
    paths = list_paths(finding)
    places = [f"- {write_code(told)}" for told in (*list_layers(finding, result), *paths[:SHOWN_PATHS])]
    if len(paths) > SHOWN_PATHS:
        places.append(f"- and {tell_count(len(paths) - SHOWN_PATHS, 'more path')}")
    yield from ["", *places] if places else []
    for number, fix in enumerate(finding.fixes):
        yield ""
        yield f"**{'Or' if number else 'Fix'}:** {write_prose(fix.title)} ({fix.kind}, {fix.safety})"
        if fix.steps:
            yield ""
            yield from write_fence(fix.steps, "")


def _write_gaps(result: AuditResult, context: RenderContext) -> Iterator[str]:
    """What could not be read, so that silence is not taken for health."""
    yield "## Not known"
    yield ""
    gaps = sorted(result.gaps)
    limit = len(gaps) if context.limit is None else context.limit
    for gap in gaps[:limit]:
        where = f" ({write_code(gap.where)})" if gap.where.strip() else ""
        yield f"- {write_prose(gap.what)}{where}: {write_prose(gap.why)}"
    if len(gaps) > limit:
        yield f"- and {tell_count(len(gaps) - limit, 'more gap')}"


def _write_layers(result: AuditResult) -> Iterator[str]:
    """Every layer with its size, whose it is, and its instruction."""
    yield write_row(("layer", "stored", "of", "instruction"))
    yield "| ---: | ---: | --- | --- |"
    for layer in result.layers:
        size = "" if layer.size is None else tell_size(layer.size)
        yield write_row((str(layer.index), size, layer.origin, write_code(tell_instruction(layer.step))))


def _fold(summary: str, lines: Sequence[str]) -> Sequence[str]:
    """Lines that are folded away under a summary, which is a word of ours; the blank line lets Markdown begin."""
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>"]
