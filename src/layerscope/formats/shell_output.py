"""Where the last command of a shell's text leads what it prints.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07
"""

import re
from typing import Final

from msgspec import Struct

from layerscope.formats.shell_script import TEXT_LIMIT
from layerscope.formats.shell_words import Operator, Redirection, iter_redirected_parts

PARTS_LIMIT: Final = 20_000
"""Words and signs of one text that are looked at."""

_SIGN: Final = re.compile(r"(?P<stream>\d{0,4}|&)(?P<kind>>>|>\||>)(?P<copies>&?)")
_BOTH: Final = (1, 2)


class LedOutput(Struct, frozen=True):
    """What the last command leads elsewhere: a file for standard output and standard error, empty for neither."""

    output: str = ""
    error: str = ""


def find_led_output(text: str) -> LedOutput:
    """The files of the last command, or of an `exec` that leads all that comes later."""
    lasting, current, last = LedOutput(), LedOutput(), LedOutput()
    words: list[str] = []
    for number, part in enumerate(iter_redirected_parts(text[:TEXT_LIMIT])):
        if number >= PARTS_LIMIT:
            return LedOutput()
        if isinstance(part, Redirection):
            current = _lead(current, part)
        elif isinstance(part, Operator):
            if words == ["exec"]:
                lasting = last = current
            elif words:
                last = current
            words, current = [], lasting
        else:
            words.append(part)
    return last


def _lead(led: LedOutput, redirection: Redirection) -> LedOutput:
    """The files once a redirection is followed, which counts from left to right."""
    match = _SIGN.fullmatch(redirection.sign)
    if match is None:
        return led
    streams = _BOTH if match["stream"] == "&" else (int(match["stream"] or 1),)
    target = redirection.word
    if match["copies"] and target.isdecimal():
        target = {1: led.output, 2: led.error}.get(int(target), "")
    elif match["copies"]:
        streams = _BOTH
    return LedOutput(target if 1 in streams else led.output, target if 2 in streams else led.error)  # noqa: PLR2004
