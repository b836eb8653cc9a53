"""The terminal format: the verdict first, the next steps last."""

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.format import Format
from layerscope.report.terminal.finding_list import draw_findings
from layerscope.report.terminal.gap_list import draw_gaps
from layerscope.report.terminal.gpu_table import draw_gpus
from layerscope.report.terminal.layer_table import draw_layers
from layerscope.report.terminal.next_steps import draw_next_steps
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.probe_section import draw_probe
from layerscope.report.terminal.verdict import draw_image, draw_verdict
from layerscope.report.terminal.weight_table import draw_causes


class TerminalFormat(Format):
    """For a person at a terminal, or reading a log."""

    name = "terminal"
    suffix = ".txt"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Draw every section that has something to say."""
        page = Page(context)
        sections = (
            draw_verdict, draw_image, draw_layers, draw_causes, draw_gpus, draw_probe, draw_findings, draw_gaps,
            draw_next_steps,
        )  # fmt: skip
        for draw in sections:
            draw(page, result)
        return page.read()
