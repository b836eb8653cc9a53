"""How the loader searched: each library, what won and why, and what was tried before."""

from collections.abc import Sequence

from layerscope.probe.loader_trace import TracedLibrary
from layerscope.report.escape import escape_line
from layerscope.report.terminal.page import Page
from layerscope.rules.wording import tell_count


def draw_trace(page: Page, traced: Sequence[TracedLibrary]) -> None:
    """Draw the searches by the import that caused them."""
    module = ""
    for each in traced:
        if each.module != module:
            module = each.module
            page.add_heading("Libraries", f"searched by import {escape_line(module)}")
        _draw_library(page, each)


def _draw_library(page: Page, each: TracedLibrary) -> None:
    sign, style = (page.symbols.good, "good") if each.path else (page.symbols.bad, "bad")
    if each.expected:
        sign, style = page.symbols.doubt, "doubt"
    owner = f" of {each.owner.rpartition('/')[2]}" if each.owner else ""
    why = f"{each.step}{owner}" if each.path else "not found"
    tried = f", {tell_count(each.count, 'path')} tried before" if each.path and each.count else ""
    page.add_line((f"{sign} ", style), escape_line(each.name), (f"  {escape_line(why)}{tried}", "muted"), indent=2)
    if each.path:
        page.add_line((escape_line(each.path), "path"), indent=4)
    for path in each.tried if not each.path or each.expected else ():
        page.add_line((f"not there: {escape_line(path)}", "muted"), indent=4)
    if each.expected:
        page.add_line((f"the files let expect {escape_line(' or '.join(each.expected))}", "doubt"), indent=4)
