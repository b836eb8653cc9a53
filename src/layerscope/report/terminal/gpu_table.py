"""The GPU table: on which GPUs and drivers the image computes, and why not where it does not."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.gpu_verdict import GpuVerdict, Verdict
from layerscope.report.escape import escape_text
from layerscope.report.terminal.page import Page, start_table

ORDER: Final = (Verdict.NATIVE, Verdict.JIT, Verdict.PARTIAL, Verdict.NONE, Verdict.NO_CODE)
WORDS: Final = {
    Verdict.NATIVE: "runs",
    Verdict.JIT: "compiles first",
    Verdict.PARTIAL: "runs in part",
    Verdict.NONE: "cannot run",
    Verdict.NO_CODE: "no device code",
}
_STYLES: Final = {
    Verdict.NATIVE: "good",
    Verdict.JIT: "doubt",
    Verdict.PARTIAL: "doubt",
    Verdict.NONE: "bad",
    Verdict.NO_CODE: "doubt",
}
_PLACE: Final = "\0"
SHOWN_REASONS: Final = 3
"""Reasons given for one group of GPUs; the JSON report has the reason of each."""


def draw_gpus(page: Page, result: AuditResult) -> None:
    """Draw what was asked about, a row each, or the common GPUs in groups; nothing for an image without device code."""
    if not result.gpus:
        return
    if any(verdict.is_asked for verdict in result.gpus):
        page.add_heading("GPUs", "judged from the image's files, as asked")
        _draw_asked(page, result.gpus)
    else:
        page.add_heading("GPUs", "judged from the image's files; --gpu NAME --driver VERSION asks about one")
        _draw_common(page, result.gpus)


def _draw_asked(page: Page, verdicts: Sequence[GpuVerdict]) -> None:
    table = start_table()
    is_fleet = any(verdict.node for verdict in verdicts)
    for column in ("node", "count") if is_fleet else ():
        table.add_column(column, justify="right" if column == "count" else "left", no_wrap=True)
    for column in ("verdict", "GPU", "driver", "needs driver", "all features"):
        table.add_column(column, no_wrap=True)
    for verdict in verdicts:
        node = [escape_text(verdict.node), f"{verdict.count:,}"] if is_fleet else []
        table.add_row(
            *node,
            sign_verdict(page, verdict),
            _name(verdict),
            escape_text(verdict.driver) or Text("any", "muted"),
            tell_drivers(page, verdict),
            f"{page.symbols.at_least}{verdict.full_driver}" if verdict.full_driver else page.symbols.dash,
        )
    page.add(table)
    for reason, group in _group_reasons(verdicts):
        page.add_line((f"{', '.join(group)}: ", "label"), reason, indent=2)


def _group_reasons(verdicts: Sequence[GpuVerdict]) -> list[tuple[str, list[str]]]:
    """Why, for all that do not simply run, each reason once with whom it is about."""
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.verdict is not Verdict.NATIVE:
            groups.setdefault(escape_text(verdict.reason), []).append(escape_text(verdict.node or verdict.name))
    return list(groups.items())


def _name(verdict: GpuVerdict) -> str:
    """The model with its compute capability, or the capability alone."""
    known = verdict.name != verdict.compute_capability
    return f"{escape_text(verdict.name)} ({verdict.compute_capability})" if known else verdict.name


def _draw_common(page: Page, verdicts: Sequence[GpuVerdict]) -> None:
    table = start_table()
    table.add_column("verdict", no_wrap=True)
    table.add_column("needs driver", no_wrap=True)
    table.add_column("GPUs, and why", overflow="fold", ratio=1)
    table.expand = True
    for group in group_verdicts(page, verdicts):
        names = ", ".join(escape_text(verdict.name) for verdict in group)
        told = Text(names)
        if group[0].verdict is not Verdict.NATIVE:
            for reason in join_reasons(group)[:SHOWN_REASONS]:
                told.append(f"\n{escape_text(reason)}", "muted")
        table.add_row(sign_verdict(page, group[0]), tell_drivers(page, group[0]), told)
    page.add(table)


def group_verdicts(page: Page, verdicts: Iterable[GpuVerdict]) -> list[list[GpuVerdict]]:
    """Verdicts that differ in nothing but their GPU, the best first."""

    def key(verdict: GpuVerdict) -> tuple[int, str]:
        return ORDER.index(verdict.verdict), tell_drivers(page, verdict)

    return [list(group) for _, group in groupby(sorted(verdicts, key=key), key=key)]


def join_reasons(verdicts: Iterable[GpuVerdict]) -> list[str]:
    """The reasons, those that differ in nothing but the architecture told once, with all of them."""
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        arch = "sm_" + verdict.compute_capability.replace(".", "")
        pattern = re.compile(rf"(?<=on |or ){arch}\b")
        groups.setdefault(pattern.sub(_PLACE, verdict.reason, count=1), []).append(arch)
    return [reason.replace(_PLACE, ", ".join(dict.fromkeys(archs))) for reason, archs in groups.items()]


def sign_verdict(page: Page, verdict: GpuVerdict) -> Text:
    """A verdict as a sign and a word."""
    style = _STYLES[verdict.verdict]
    symbol = {"good": page.symbols.good, "bad": page.symbols.bad, "doubt": page.symbols.doubt}[style]
    return Text(f"{symbol} {WORDS[verdict.verdict]}", style)


def tell_drivers(page: Page, verdict: GpuVerdict) -> str:
    """The oldest driver with which the image starts on the GPU, and the last branch that knows the GPU."""
    if not verdict.minimum_driver:
        return page.symbols.dash
    last = f", up to R{verdict.last_branch}" if verdict.last_branch is not None else ""
    return f"{page.symbols.at_least}{verdict.minimum_driver}{last}"
