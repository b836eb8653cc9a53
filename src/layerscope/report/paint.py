"""Paint: colours as escape sequences, for output of so many lines that a layout engine would be felt."""

from functools import lru_cache

from rich.color import ColorSystem
from rich.style import Style

from layerscope.report.theme import STYLES

_MARK = "x"


def paint(text: str, style: str, *, color: bool) -> str:
    """Return `text` in a style of the theme, or as it is where there is no colour."""
    if not color or not text:
        return text
    before, after = _sequences(style)
    return f"{before}{text}{after}"


@lru_cache(maxsize=64)
def _sequences(style: str) -> tuple[str, str]:
    """What a style writes before and after a text."""
    before, _, after = Style.parse(STYLES[style]).render(_MARK, color_system=ColorSystem.STANDARD).partition(_MARK)
    return before, after
