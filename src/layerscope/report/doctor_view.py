"""A host as a person or a program reads of it: what stands well, what does not, and what it has a bearing on."""

import shlex
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.host.check import Area, Check, Sign
from layerscope.host.driver import Gpu
from layerscope.host.engines import EngineReport
from layerscope.host.examine import HostReport
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.json_parts import head_document
from layerscope.report.json_text import encode_json
from layerscope.report.terminal.page import Page
from layerscope.rules.registry import find_rule

TITLES: Final = {
    Area.ENGINES: "Container engines",
    Area.GPU: "Driver and GPUs",
    Area.TOOLKIT: "GPUs in containers",
    Area.SYSTEM: "System",
    Area.CACHE: "Layer cache",
}
_STYLES: Final = {Sign.GOOD: "good", Sign.DOUBT: "doubt", Sign.BAD: "bad", Sign.NOTE: "muted"}


def render_doctor_text(report: HostReport, context: RenderContext) -> str:
    """Each check on a line, those that are bad with their cure, and the audits that fit this host."""
    page = Page(context)
    width = max((len(check.name) for check in report.checks), default=0)
    for number, (area, checks) in enumerate(groupby(report.checks, key=lambda check: check.area)):
        if number:
            page.add_blank()
        page.add_line((TITLES[area], "heading"))
        _draw_checks(page, list(checks), width)
    if report.audit_options:
        page.add_heading("An audit for this host")
        for options in report.audit_options:
            page.add_command(f"layerscope audit {shlex.join(map(escape_line, options))} IMAGE", "")
    return page.read()


def _draw_checks(page: Page, checks: list[Check], width: int) -> None:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="label", no_wrap=True, min_width=width)
    table.add_column(overflow="fold")
    signs = {Sign.GOOD: page.symbols.good, Sign.DOUBT: page.symbols.doubt, Sign.BAD: page.symbols.bad}
    for check in checks:
        mark = Text(signs.get(check.sign, page.symbols.dash), _STYLES[check.sign])
        table.add_row(mark, check.name, _tell_check(page, check))
    page.add(table, indent=2)


def _tell_check(page: Page, check: Check) -> Text:
    """What was found, its cure, and what it has a bearing on."""
    text = Text(escape_line(check.says))
    if check.cure:
        text.append(f"\n{page.symbols.arrow} {escape_text(check.cure)}")
    for command in check.commands:
        text.append("\n$ ").append(escape_text(command), "command")
    rules = _list_known_rules(check.rules)
    if rules:
        text.append(f"\ndecides {', '.join(rules)}", "muted")
    if check.errors and check.sign in {Sign.BAD, Sign.DOUBT}:
        text.append(f"\nleads to {', '.join(check.errors)} (layerscope explain)", "muted")
    return text


def _list_known_rules(names: Iterable[str]) -> list[str]:
    """Those rules that this version has."""
    return [name for name in names if find_rule(name) is not None]


def render_doctor_json(report: HostReport) -> str:
    """The same for a program."""
    driver = report.driver
    return encode_json(
        {
            **head_document(),
            "checks": [_build_check(check) for check in report.checks],
            "engines": [_build_engine(engine) for engine in report.engines],
            "driver": {
                "module": driver.module,
                "version": driver.version,
                "cuda": driver.cuda,
                "told_by": driver.told_by or None,
                "problems": list(driver.problems),
            },
            "gpus": [_build_gpu(gpu) for gpu in driver.gpus],
            "audit_options": [list(options) for options in report.audit_options],
        }
    )


def _build_check(check: Check) -> dict[str, object]:
    return {
        "area": check.area.value,
        "name": check.name,
        "sign": check.sign.value,
        "says": check.says,
        "cure": check.cure or None,
        "commands": list(check.commands),
        "rules": _list_known_rules(check.rules),
        "errors": list(check.errors),
    }


def _build_engine(engine: EngineReport) -> dict[str, object]:
    return {
        "product": engine.product,
        "name": engine.name or None,
        "place": engine.place or None,
        "storage": engine.storage or None,
        "runtimes": list(engine.runtimes),
        "cdi_folders": list(engine.cdi_folders),
        "warnings": list(engine.warnings),
        "problem": engine.problem or None,
    }


def _build_gpu(gpu: Gpu) -> dict[str, object]:
    return {
        "name": gpu.name,
        "compute_capability": gpu.capability,
        "memory_mib": gpu.memory_mib,
        "mig": gpu.is_split,
        "compute_mode": gpu.compute_mode,
    }
