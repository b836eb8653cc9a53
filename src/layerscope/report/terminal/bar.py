"""Bars: a size, and the part of it that is wasted, as a length."""

from rich.text import Text

from layerscope.report.theme import Symbols


def draw_bar(kept: int, wasted: int, *, scale: int, width: int, symbols: Symbols) -> Text:
    """Return a bar of at most `width` columns, where `scale` bytes would fill it.

    What is there at all is seen: a size too small for a column takes one. Waste takes whole columns, at the end.
    """
    total = kept + wasted
    if scale <= 0 or total <= 0:
        return Text("")
    columns = max(round(width * total / scale), 1)
    waste_columns = min(round(width * wasted / scale), columns) if kept else columns
    if waste_columns:
        bar = (symbols.kept * (columns - waste_columns), "kept"), (symbols.wasted * waste_columns, "wasted")
        return Text.assemble(*bar)
    return Text(_fill(max(round(8 * width * total / scale), 1), symbols), "kept")


def _fill(eighths: int, symbols: Symbols) -> str:
    full, part = divmod(eighths, 8)
    if not symbols.kept_parts:
        return symbols.kept * max(full + (part >= 4), 1)  # noqa: PLR2004 -- half a column and more is drawn as one
    return symbols.kept * full + (symbols.kept_parts[part - 1] if part else "")
