"""The verdict's line on GPUs: will it run where it was asked about, or on how many of the common ones."""

from typing import Final

from layerscope.audit.blocked import tell_brief
from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.gpu_verdict import GpuVerdict, Verdict
from layerscope.report.escape import escape_text
from layerscope.report.terminal.gpu_table import ORDER, find_blocked
from layerscope.report.terminal.page import Page
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Confidence
from layerscope.rules.wording import tell_count

Line = tuple[tuple[str, str], str]

_WORDS: Final = {
    Verdict.NATIVE: ("good", "RUNS"),
    Verdict.JIT: ("doubt", "COMPILES"),
    Verdict.PARTIAL: ("doubt", "IN PART"),
    Verdict.NONE: ("bad", "CANNOT"),
    Verdict.NO_CODE: ("doubt", "NO CODE"),
}
_SENTENCES: Final = {
    Verdict.NATIVE: "on",
    Verdict.JIT: "its PTX first, on",
    Verdict.PARTIAL: "runs on",
    Verdict.NONE: "run on",
    Verdict.NO_CODE: "for",
}
_OTHERS: Final = {
    Verdict.NATIVE: "runs on",
    Verdict.JIT: "compiles first on",
    Verdict.PARTIAL: "in part on",
    Verdict.NONE: "not on",
    Verdict.NO_CODE: "no code for",
}
_LOST: Final = {_WORDS[kind][1] for kind in (Verdict.NONE, Verdict.NO_CODE)}
"""Words of GPUs for which it makes no difference what else fails."""

SHOWN: Final = 4
"""GPUs that have a line each; more are counted."""


def tell_gpus(page: Page, result: AuditResult) -> list[Line]:
    """A line for each GPU that was asked about, or one that counts; none for an image without device code.

    The last one where it runs names what fails all the same.
    """
    asked = [verdict for verdict in result.gpus if verdict.is_asked]
    if asked and len(asked) <= SHOWN and not any(verdict.node for verdict in asked):
        lines = [_tell_asked(page, verdict) for verdict in asked]
    else:
        lines = [_count(page, asked or list(result.gpus), what=_name_kind(asked))] if result.gpus else []
    running = [number for number, (word, _) in enumerate(lines) if word[0].split()[-1] not in _LOST]
    if running:
        word, told = lines[running[-1]]
        lines[running[-1]] = word, told + _tell_broken(result)
    return lines


def _tell_broken(result: AuditResult) -> str:
    """The worst finding that ends the import of something, where the image does not consist of that alone."""
    broken = [
        finding
        for finding in order_findings(result.findings)
        if finding.ends_gpu_work and finding.confidence is not Confidence.LOW
    ]
    if not broken or find_blocked(result.gpus) is not None:
        return ""
    more = f" ({len(broken) - 1} more like it)" if len(broken) > 1 else ""
    return f", but {escape_text(tell_brief(broken[0]))}{more}"


def _name_kind(asked: list[GpuVerdict]) -> str:
    if not asked:
        return "common GPU"
    return "node type" if all(verdict.node for verdict in asked) else "GPU"


def _tell_asked(page: Page, verdict: GpuVerdict) -> Line:
    where = verdict.name if verdict.name != verdict.compute_capability else f"compute capability {verdict.name}"
    driver = f" with driver {verdict.driver}" if verdict.driver else ""
    needs = f", from driver {verdict.minimum_driver} on" if verdict.minimum_driver and not verdict.driver else ""
    is_told = verdict.verdict is Verdict.NATIVE
    why = needs if is_told else f": {verdict.reason}"
    told = f"{_SENTENCES[verdict.verdict]} {where}{driver}{why}"
    return _word(page, verdict.verdict), escape_text(told)


def _count(page: Page, verdicts: list[GpuVerdict], *, what: str) -> Line:
    worst = max(verdicts, key=lambda verdict: ORDER.index(verdict.verdict)).verdict
    best = min(verdicts, key=lambda verdict: ORDER.index(verdict.verdict)).verdict
    counts = {kind: sum(verdict.verdict is kind for verdict in verdicts) for kind in ORDER}
    shown = worst if any(verdict.is_asked for verdict in verdicts) else best
    others = [f"{_OTHERS[kind]} {count}" for kind, count in counts.items() if count and kind is not shown]
    first = f"{_SENTENCES[shown]} {counts[shown]} of {tell_count(len(verdicts), what)}"
    why = f": {escape_text(blocked.reason)}" if (blocked := find_blocked(verdicts)) else ""
    return _word(page, shown), ", ".join([first, *others]) + why


def _word(page: Page, verdict: Verdict) -> tuple[str, str]:
    style, word = _WORDS[verdict]
    symbol = {"good": page.symbols.good, "bad": page.symbols.bad, "doubt": page.symbols.doubt}[style]
    return f"{symbol} {word:<9}", style
