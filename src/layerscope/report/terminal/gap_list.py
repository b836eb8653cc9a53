"""The gaps: what could not be read, so that silence is not taken for health."""

from layerscope.audit.result import AuditResult
from layerscope.report.escape import escape_text
from layerscope.report.terminal.page import Page
from layerscope.rules.wording import tell_count


def draw_gaps(page: Page, result: AuditResult) -> None:
    """Draw one line a gap; nothing where everything could be read."""
    if not result.gaps:
        return
    page.add_heading("Not known")
    limit = page.context.limit
    shown = result.gaps if limit is None else result.gaps[:limit]
    for gap in shown:
        page.add_line(
            (f"{page.symbols.doubt} ", "doubt"),
            f"{escape_text(gap.what)} ",
            (f"({escape_text(gap.where)})", "muted"),
            f": {escape_text(gap.why)}",
            indent=2,
        )
    if len(shown) < len(result.gaps):
        more = tell_count(len(result.gaps) - len(shown), "more gap")
        page.add_line((f"{page.symbols.ellipsis} {more} (--limit 0 shows all)", "muted"), indent=2)
