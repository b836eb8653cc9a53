"""Plain text in lines: broken between words alone, so that a path, a digest or an address can be copied whole."""

import re
from typing import Final

from layerscope.report.escape import measure

_WORD: Final = re.compile(r"[ ]*[^ ]+")


def wrap_words(text: str, width: int) -> str:
    """The text with each line at most `width` columns wide, but for a word that is wider by itself."""
    return "\n".join(_wrap_line(line, width) for line in text.split("\n"))


def _wrap_line(line: str, width: int) -> str:
    if measure(line) <= width:
        return line
    lines = [""]
    for word in _WORD.findall(line):
        if lines[-1] and measure(lines[-1]) + measure(word) > width:
            lines.append(word.lstrip())
        else:
            lines[-1] += word
    return "\n".join(lines)
