"""The GPU table: on which GPUs and drivers the image computes, and why not where it does not."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final, Literal

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.report.escape import escape_text
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.cuda_copies import find_unused_libraries
from layerscope.rules.wording import tell_list

ORDER: Final = (Verdict.NATIVE, Verdict.JIT, Verdict.PARTIAL, Verdict.NONE, Verdict.NO_CODE)
WORDS: Final = {
    Verdict.NATIVE: "runs",
    Verdict.JIT: "compiles first",
    Verdict.PARTIAL: "runs in part",
    Verdict.NONE: "cannot run",
    Verdict.NO_CODE: "no device code",
}
STYLES: Final = {
    Verdict.NATIVE: "good",
    Verdict.JIT: "doubt",
    Verdict.PARTIAL: "doubt",
    Verdict.NONE: "bad",
    Verdict.NO_CODE: "doubt",
}
_PLACE: Final = "\0"
_COLUMNS: Final = ("node", "count", "verdict", "GPU", "driver", "needs driver", "all features")
_LEAVING: Final = ("all features", "count")
"""What a narrow table leaves to lines below it, the first first."""
_NAMES: Final = frozenset({"node", "GPU"})
_GAP: Final = 2
_LEAST_REASONS: Final = 30
"""Columns that a table of groups has for GPUs and reasons at least; with fewer there is a list in its place."""
SHOWN_GPUS: Final = 4
"""GPUs that a line below the table names."""
SHOWN_REASONS: Final = 3
"""Reasons given for one group of GPUs; the JSON report has the reason of each."""


def draw_gpus(page: Page, result: AuditResult) -> None:
    """Draw what was asked about, a row each, or the common GPUs in groups; nothing for an image without device code."""
    if not result.gpus:
        return
    if any(verdict.is_asked for verdict in result.gpus):
        page.add_heading("GPUs", "judged from the image's files, as asked")
        _tell_blocked(page, result.gpus)
        _draw_asked(page, result.gpus)
    else:
        page.add_heading("GPUs", "judged from the image's files; --gpu NAME --driver VERSION asks about one")
        blocked = find_blocked(result.gpus)
        if blocked is not None:
            page.add_line(("by its code alone, which counts for nothing as long as this holds: ", "muted"), indent=2)
            page.add_line(escape_text(blocked.reason), indent=2)
        _draw_common(page, [unblock(verdict) for verdict in result.gpus])
    _tell_compiled(page, result)


def unblock(verdict: GpuVerdict) -> GpuVerdict:
    """What code and driver alone say."""
    if verdict.code_verdict is None:
        return verdict
    return replace(verdict, verdict=verdict.code_verdict, reason=verdict.code_reason)


def find_blocked(verdicts: Iterable[GpuVerdict]) -> GpuVerdict | None:
    """The first verdict that a finding decides, whatever the code says."""
    return next((verdict for verdict in verdicts if verdict.cause is Cause.BLOCKED), None)


def _tell_blocked(page: Page, verdicts: Sequence[GpuVerdict]) -> None:
    """What the code alone would allow, where a finding decides."""
    if find_blocked(verdicts) is None:
        return
    kinds = [verdict.code_verdict or verdict.verdict for verdict in verdicts]
    counts = [f"{WORDS[kind]} on {kinds.count(kind)}" for kind in ORDER if kind in kinds]
    if len(kinds) == 1:
        counts = [WORDS[kinds[0]]]
    page.add_line((f"by its code alone: {', '.join(counts)}", "muted"), indent=2)


def _tell_compiled(page: Page, result: AuditResult) -> None:
    """Libraries of an image that runs which the driver compiles for the most part, with the GPUs.

    What lies in a copy of CUDA that nothing loads is compiled by nobody.
    """
    unused = find_unused_libraries(result.facts)
    found: dict[str, list[str]] = {}
    for verdict in map(unblock, result.gpus):
        for library in verdict.libraries if verdict.verdict is Verdict.NATIVE else ():
            if library.verdict is Verdict.JIT and library.path not in unused:
                found.setdefault(library.name, []).append(verdict.name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, gpus in found.items():
        groups.setdefault(tuple(dict.fromkeys(gpus)), []).append(name)
    for where, names in groups.items():
        verb, whose = ("compiles", "its") if len(names) == 1 else ("compile", "their")
        told = f"{tell_list(names)} {verb} most of {whose} kernels at first use on {tell_list(where, shown=SHOWN_GPUS)}"
        page.add_line((escape_text(told), "muted"), indent=2)


def _draw_asked(page: Page, verdicts: Sequence[GpuVerdict]) -> None:
    rows = [_describe(page, verdict) for verdict in verdicts]
    names = list(_COLUMNS) if any(verdict.node for verdict in verdicts) else list(_COLUMNS[2:])
    widths = {name: max(cell_len(name), *(cell_len(str(row[name])) for row in rows)) for name in names}
    least = {name: _measure_least(name, rows, widths) for name in names}
    if sum(least[name] + _GAP for name in names if name not in _LEAVING) > page.width:
        _list_asked(page, rows, names)
    else:
        _draw_rows(page, rows, names, widths, least)
    for reason, group in _group_reasons(verdicts):
        page.add_line((f"{', '.join(group)}: ", "label"), reason, indent=2)


def _measure_least(name: str, rows: Sequence[dict[str, str | Text]], widths: Mapping[str, int]) -> int:
    """Columns that a column needs: a name may break between its words."""
    words = [word for row in rows for word in str(row[name]).split()] if name in _NAMES else []
    return max(map(cell_len, (name, *words))) if words else widths[name]


def _list_asked(page: Page, rows: Sequence[dict[str, str | Text]], names: Sequence[str]) -> None:
    """The rows as a list, where a table is too wide: each verdict with its name, and below it what else is known."""
    lead = "node" if "node" in names else "GPU"
    for row in rows:
        page.add_item(Text.assemble(row["verdict"], " " * _GAP), str(row[lead]))
        for name in names:
            if name not in {"verdict", lead} and str(row[name]) != page.symbols.dash:
                page.add_line((f"{name}: ", "label"), row[name], indent=4)


def _draw_rows(
    page: Page,
    rows: Sequence[dict[str, str | Text]],
    names: Sequence[str],
    widths: Mapping[str, int],
    least: Mapping[str, int],
) -> None:
    """The rows as a table, and below it the columns for which there was no room."""
    names = list(names)
    for name in _LEAVING:
        if sum(widths[each] + _GAP for each in names) > page.width and name in names:
            names.remove(name)
    table = start_table()
    for name in names:
        justify: Literal["left", "right"] = "right" if name == "count" else "left"
        is_name = name in _NAMES
        table.add_column(name, justify=justify, no_wrap=not is_name, overflow="fold", min_width=least[name])
    for row in rows:
        table.add_row(*(row[name] for name in names))
    page.add(table)
    for name in _COLUMNS:
        if name in _LEAVING and name in widths and name not in names:
            _tell_column(page, name, rows)


def _tell_column(page: Page, name: str, rows: Sequence[dict[str, str | Text]]) -> None:
    """A column for which there was no room: each of its values with the rows that have it."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(str(row[name]), []).append(str(row["node"] or row["GPU"]))
    if list(groups) == [page.symbols.dash]:
        return
    told = [f"{value} ({tell_list(dict.fromkeys(group), shown=SHOWN_GPUS)})" for value, group in groups.items()]
    page.add_line((f"{name}: ", "label"), "; ".join(told), indent=2)


def _describe(page: Page, verdict: GpuVerdict) -> dict[str, str | Text]:
    """The cells of a verdict's row, by column."""
    return {
        "node": escape_text(verdict.node),
        "count": f"{verdict.count:,}",
        "verdict": sign_verdict(page, verdict),
        "GPU": _name(verdict),
        "driver": escape_text(verdict.driver) or Text("any", "muted"),
        "needs driver": tell_drivers(page, verdict),
        "all features": _tell_full_driver(page, verdict),
    }


def _tell_full_driver(page: Page, verdict: GpuVerdict) -> str:
    """The driver with all features, for a GPU that a driver can help."""
    is_lost = verdict.verdict is Verdict.NONE and verdict.cause is not Cause.DRIVER_TOO_OLD
    return page.symbols.dash if is_lost or not verdict.full_driver else f"{page.symbols.at_least}{verdict.full_driver}"


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
    groups = [
        (sign_verdict(page, group[0]), tell_drivers(page, group[0]), group) for group in group_verdicts(page, verdicts)
    ]
    signs = max(cell_len(name) for name in ("verdict", *(sign.plain for sign, _, _ in groups)))
    drivers = max(cell_len(name) for name in ("needs driver", *(driver for _, driver, _ in groups)))
    if page.width - signs - drivers - 2 * _GAP < _LEAST_REASONS:
        for sign, driver, group in groups:
            told = () if driver == page.symbols.dash else (("needs driver: ", "label"), driver)
            page.add_item(Text.assemble(sign, " " * _GAP), *told)
            page.add(_tell_group(group), indent=4)
        return
    table = start_table()
    table.add_column("verdict", no_wrap=True)
    table.add_column("needs driver", no_wrap=True)
    table.add_column("GPUs, and why", overflow="fold", ratio=1)
    table.expand = True
    for sign, driver, group in groups:
        table.add_row(sign, driver, _tell_group(group))
    page.add(table)


def _tell_group(group: Sequence[GpuVerdict]) -> Text:
    """The GPUs of a group, and why they do not simply run."""
    told = Text(", ".join(escape_text(verdict.name) for verdict in group), overflow="fold")
    if group[0].verdict is not Verdict.NATIVE:
        reasons = join_reasons(group)
        for reason, whose in reasons[:SHOWN_REASONS]:
            label = f"{tell_list(whose, shown=SHOWN_GPUS)}: " if len(reasons) > 1 else ""
            told.append(f"\n{escape_text(label)}").append(escape_text(reason), "muted")
    return told


def group_verdicts(page: Page, verdicts: Iterable[GpuVerdict]) -> list[list[GpuVerdict]]:
    """Verdicts that differ in nothing but their GPU, the best first."""

    def key(verdict: GpuVerdict) -> tuple[int, str]:
        return ORDER.index(verdict.verdict), tell_drivers(page, verdict)

    return [list(group) for _, group in groupby(sorted(verdicts, key=key), key=key)]


def join_reasons(verdicts: Iterable[GpuVerdict]) -> list[tuple[str, list[str]]]:
    """The reasons with their GPUs, those that differ in nothing but the architecture told once, with all of them."""
    groups: dict[str, dict[str, str]] = {}
    for verdict in verdicts:
        arch = "sm_" + verdict.compute_capability.replace(".", "")
        pattern = re.compile(rf"(?<=on |or ){arch}\b")
        groups.setdefault(pattern.sub(_PLACE, verdict.reason, count=1), {})[verdict.name] = arch
    return [
        (reason.replace(_PLACE, ", ".join(dict.fromkeys(archs.values()))), list(archs))
        for reason, archs in groups.items()
    ]


def sign_verdict(page: Page, verdict: GpuVerdict) -> Text:
    """A verdict as a sign and a word."""
    style = STYLES[verdict.verdict]
    symbol = {"good": page.symbols.good, "bad": page.symbols.bad, "doubt": page.symbols.doubt}[style]
    return Text(f"{symbol} {WORDS[verdict.verdict]}", style)


def tell_drivers(page: Page, verdict: GpuVerdict) -> str:
    """The oldest driver with which the image starts on the GPU, and the last branch that knows the GPU."""
    if not verdict.minimum_driver:
        return page.symbols.dash
    last = f", up to R{verdict.last_branch}" if verdict.last_branch is not None else ""
    return f"{page.symbols.at_least}{verdict.minimum_driver}{last}"
