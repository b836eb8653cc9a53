"""Streams by their names: which IMAGE is standard input, and which cannot be read a second time."""

import re
from typing import Final

from layerscope.sources.schemes import NAMED, split_scheme

STANDARD_INPUT: Final = "-"

_END: Final = r"(?:$|[:@])"
"""The end of a path, or where a selector begins."""
_DASH: Final = re.compile(rf"(?P<path>{STANDARD_INPUT}){_END}")
_INPUT_PATH: Final = re.compile(rf"(?P<path>/dev/(?:stdin|fd/0)|/proc/(?:self|thread-self)/fd/0){_END}")
"""Paths by which Linux leads to standard input."""
_DESCRIPTOR: Final = re.compile(rf"(?:/dev/(?:stdin|fd/[0-9]+)|/proc/(?:self|thread-self|[0-9]+)/fd/[0-9]+){_END}")
"""Paths of what a process has open, as the shell's `<(…)`: no other process finds it there again."""
_FOLDER: Final = "oci-dir"


def is_dash(rest: str) -> bool:
    """Tell whether what follows the scheme of an archive is `-`, alone or with what selects an image in it."""
    return _DASH.match(rest) is not None


def is_standard_input(text: str) -> bool:
    """Tell whether IMAGE is read from standard input, whichever way that is spelled."""
    scheme, rest = split_scheme(text)
    if scheme in NAMED or scheme == _FOLDER:
        return False
    return (is_dash(rest) if scheme else rest == STANDARD_INPUT) or _INPUT_PATH.match(rest) is not None


def split_standard_input(text: str) -> tuple[str, str] | None:
    """The scheme of an IMAGE that is read from standard input, and what selects an image there; None for any other."""
    if not is_standard_input(text):
        return None
    scheme, rest = split_scheme(text)
    path = _DASH.match(rest) or _INPUT_PATH.match(rest)
    return scheme, rest[path.end("path") if path else len(rest) :]


def is_passing(text: str) -> bool:
    """Tell whether IMAGE is standard input or another stream of one process, which nobody can read a second time."""
    scheme, rest = split_scheme(text)
    return is_standard_input(text) or (scheme not in NAMED and _DESCRIPTOR.match(rest) is not None)
