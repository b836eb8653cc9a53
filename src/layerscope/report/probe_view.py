"""A probe as a person reads of it: the verdict first, then each stage, then what to do."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.facts.probe.live_libraries import LiveLibraries
from layerscope.facts.probe.stage_titles import TITLES, tell_stage
from layerscope.probe.observation import (
    CRASHED,
    FAILED,
    HUNG,
    PASSED,
    Observation,
    StageResult,
)
from layerscope.probe.probed import Probed
from layerscope.probe.remarks import tell_muted
from layerscope.probe.serving_verdict import list_server_lines
from layerscope.probe.variants import STAGE_ROLES
from layerscope.probe.verdict import Outcome, Verdict
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.probe_memory import tell_memory
from layerscope.report.probe_recipe import draw_recipe
from layerscope.report.probe_variants import draw_variants, draw_warnings
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.trace_section import draw_trace
from layerscope.rules.finding import Finding
from layerscope.rules.wording import begin, shorten, tell_count

SHOWN_STACK: Final = 24
"""Lines of a stack dump."""

_ON_MUTED: Final = frozenset({"buffered-python-output", "lost-output"})
"""Rules that say of lost output what a remark says."""

_NEEDS: Final = "it needs stage "
"""What the payload says of a stage that had nothing to work on."""


def render_probe_text(
    image: str, probed: Probed, context: RenderContext, *, findings: Sequence[Finding] = (), shows_recipe: bool = False
) -> str:
    """The whole page; `findings` are what rules say of the probe."""
    page = Page(context)
    seen, verdict = probed.seen, probed.verdict
    assert seen is not None, "a probe that was refused has no page"
    assert verdict is not None, "what was seen was judged"
    mark, style = _mark_outcome(page, verdict)
    page.add_line((f"{mark} {verdict.outcome.upper()}", style), f"   {escape_line(verdict.title)}")
    if verdict.reason:
        page.add_line(escape_line(shorten(verdict.reason)), indent=2)
    if verdict.known is not None:
        page.add_line(
            (f"{escape_line(verdict.known.meaning)}  (layerscope explain {verdict.known.id})", "muted"), indent=2
        )
    page.add_blank()
    is_elsewhere = seen.find("listen") is not None and seen.find("env") is None  # a server that others run
    page.add_line(("server   " if is_elsewhere else "image    ", "label"), escape_line(image))
    if seen.python and not is_elsewhere:
        page.add_line(("python   ", "label"), escape_line(f"{seen.python} ({seen.executable})"))
    if seen.model:
        page.add_line(("model    ", "label"), escape_line(seen.model))
    if (memory := tell_memory(seen)) and not is_elsewhere:
        page.add_line(("memory   ", "label"), escape_line(memory))
    for label, told in list_server_lines(seen):
        page.add_line((f"{label:<9}", "label"), escape_line(told))
    page.add_line(("took     ", "label"), f"{seen.seconds:.1f} s")
    draw_stages(page, probed)
    draw_evidence(page, seen, verdict)
    draw_trace(page, probed.traced)
    draw_variants(page, probed.trials)
    draw_warnings(page, probed.warnings)
    _draw_findings(page, sort_findings(findings, verdict), verdict)
    shown = tell_muted(seen) if any(each.rule in _ON_MUTED for each in findings) else ()
    _draw_next(page, verdict, told=shown)
    draw_recipe(page, probed.trials, verdict, is_wanted=shows_recipe)
    return page.read()


def sort_findings(findings: Sequence[Finding], verdict: Verdict) -> list[Finding]:
    """What the probe says of the root first, then what explains it, then the others, the gravest first."""

    def rank(finding: Finding) -> tuple[int, int]:
        is_root = finding.code.startswith("PROBE") and finding.message.startswith(begin(verdict.title))
        is_cause = bool(verdict.root) and finding.confirmed == verdict.root
        return (0 if is_root else 1 if is_cause else 2), -finding.severity

    return sorted(findings, key=rank)


def draw_evidence(page: Page, seen: Observation, verdict: Verdict) -> None:
    """Draw what the root stage was waiting for, and the last that was printed."""
    _draw_wait(page, seen, verdict)
    _draw_log(page, seen, verdict)


def _draw_findings(page: Page, findings: Sequence[Finding], verdict: Verdict) -> None:
    """The rules that the probe falls under, for whoever wants to read on, with cures that the verdict does not name."""
    told = {cure.removeprefix("or ").casefold() for cure in verdict.cures}
    if findings:
        page.add_heading("Findings")
    for finding in findings:
        note = ("  confirmed by the probe", "bad") if finding.confirmed else ""
        page.add_line((finding.code, str(finding.severity)), f" {finding.rule}", note, indent=2)
        page.add_line((escape_line(finding.message), "muted"), indent=4)
        for fix in (each for each in finding.fixes[:1] if each.title.casefold() not in told):
            command = f": {escape_line(fix.steps[0])}" if fix.steps else ""
            page.add_line(f"{page.symbols.arrow} {escape_line(fix.title)}{command}", indent=4)


def _mark_outcome(page: Page, verdict: Verdict) -> tuple[str, str]:
    if verdict.is_good:
        return page.symbols.good, "good"
    return (page.symbols.doubt, "doubt") if verdict.outcome is Outcome.UNPROVED else (page.symbols.bad, "bad")


def draw_stages(page: Page, probed: Probed) -> None:
    """Draw each stage with its time and what it said, and what was in memory."""
    seen, verdict = probed.seen, probed.verdict
    if seen is None or verdict is None:
        return
    page.add_heading("Stages")
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="label")
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for stage in seen.stages:
        mark, style = _mark_stage(page, stage)
        time, told = f"{stage.seconds:.2f} s" if stage.seconds else "", _tell_stage(stage, verdict)
        if seen.is_refuted(stage):
            mark, style = page.symbols.doubt, "doubt"
            told.append("  refuted: the server answers", "muted")
        table.add_row(Text(mark, style), TITLES.get(stage.name, stage.name), time, told)
    page.add(table, indent=2)
    if probed.libraries is not None:
        page.add_line((_tell_libraries(probed.libraries), "muted"), indent=2)


def _tell_libraries(live: LiveLibraries) -> str:
    """What was in memory, in a sentence."""
    brought = f", {len(live.injected)} of them from the NVIDIA runtime" if live.injected else ""
    other = f", {len(live.foreign)} in no layer" if live.foreign else ""
    told = f"; {tell_count(live.compared, 'need')} compared with the image's files" if live.compared else ""
    return f"{tell_count(live.count, 'library', 'libraries')} in memory{brought}{other}{told}"


def _mark_stage(page: Page, stage: StageResult) -> tuple[str, str]:
    if stage.status == PASSED:
        return (page.symbols.doubt, "doubt") if stage.kind else (page.symbols.good, "good")
    if stage.status in {FAILED, HUNG, CRASHED}:
        return page.symbols.bad, "bad"
    return page.symbols.dash, "muted"


def _tell_stage(stage: StageResult, verdict: Verdict) -> Text:
    text = Text(escape_line(shorten(_tell_detail(stage))))
    if stage.name == verdict.root:
        text.append("  the first that broke", "bad")
    elif stage.status == FAILED and stage.kind and stage.kind == verdict.kind:
        text = Text(f"the same as {TITLES.get(verdict.root, verdict.root)}", "muted")
    elif stage.name in verdict.consequences:
        text = Text(f"a consequence of {TITLES.get(verdict.root, verdict.root)}", "muted")
    elif stage.status == "skipped":
        text = Text(f"skipped: {escape_line(shorten(_tell_detail(stage)))}", "muted")
    return text


def _tell_detail(stage: StageResult) -> str:
    """What a stage said; the stage that it needs is called as it is shown."""
    before, needs, name = stage.detail.partition(_NEEDS)
    return f"{needs}{tell_stage(name)}" if needs and not before else stage.detail or stage.status


def _draw_wait(page: Page, seen: Observation, verdict: Verdict) -> None:
    """What the root stage was waiting for."""
    stage = seen.find(verdict.root)
    wait = stage.wait if stage is not None else None
    waits = [each for each in wait.waits if each.waits_for not in {"", "0"}] if wait is not None else []
    if wait is None or not (waits or wait.stacks.strip()):
        return
    page.add_heading("Where it crashed" if stage is not None and stage.status == CRASHED else "Where it waits")
    for each in waits:
        page.add_line(f"thread {each.thread} {escape_line(each.name)}: {escape_line(each.waits_for)}", indent=2)
    for line in wait.stacks.splitlines()[:SHOWN_STACK]:
        page.add_line((escape_text(line), "muted"), indent=2)


def _draw_log(page: Page, seen: Observation, verdict: Verdict) -> None:
    """The last that the broken stage's process printed."""
    if not verdict.root:
        return
    role = STAGE_ROLES.get(verdict.root, "")  # what other processes printed would mislead
    for name, text in sorted(seen.logs.items()):
        if not name.startswith(role):
            continue
        lines = [line for line in text.splitlines() if line.strip()]
        if lines:
            page.add_heading(f"Last of {name}")
            for line in lines[-6:]:
                page.add_line((escape_text(line.rstrip()), "muted"), indent=2)


def _draw_next(page: Page, verdict: Verdict, *, told: Sequence[str]) -> None:
    """What to do; `told` are remarks that stand on the page as findings."""
    remarks = [each for each in verdict.remarks if each not in told]
    if verdict.cures or remarks or verdict.unproved:
        page.add_heading("Next")
    for cure in verdict.cures:
        page.add_line(f"{page.symbols.arrow} {escape_line(begin(cure))}", indent=2)
    for remark in remarks:
        page.add_line(f"{page.symbols.doubt} {escape_line(remark)}", indent=2)
    if verdict.unproved:
        page.add_line(f"{page.symbols.dash} unproved here: {tell_stages(verdict.unproved)}", indent=2)


def tell_stages(names: Iterable[str]) -> str:
    """Stages as a person reads of them."""
    return ", ".join(TITLES.get(name, name) for name in names)
