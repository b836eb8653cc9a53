"""Every exit code, named once, and the code of each failure."""

from typing import Final

from layerscope.errors import FormatError, ImageError, LayerscopeError, ProbeError, SourceError, TreeError

CLEAN: Final = 0
FINDINGS: Final = 1
"""Findings at or above `--fail-on`, or a plan with steps; also a path that is not in the image, as for `cat`."""
USAGE: Final = 2
"""Usage, configuration, or a cache that cannot be used."""
SOURCE: Final = 3
"""The image could not be had: source, authentication or network."""
MALFORMED: Final = 4
"""The image is malformed, or a digest does not match."""
PROBE: Final = 5
"""A requested probe could not run."""
UNFINISHED: Final = 5
"""An image could not be checked: not within the time limit, or not all of it."""
CRASH: Final = 70
"""A defect of layerscope itself (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells report it (128 + SIGINT)."""
HUNG_UP: Final = 129
"""The terminal or connection it was started from is gone (128 + SIGHUP)."""
QUIT: Final = 131
"""Stopped by Ctrl-\\ (128 + SIGQUIT)."""
TERMINATED: Final = 143
"""Asked to stop by SIGTERM (128 + SIGTERM)."""


def code_of_error(error: LayerscopeError) -> int:
    """The exit code that says what kind of failure `error` is."""
    if isinstance(error, SourceError):
        return SOURCE
    if isinstance(error, ImageError | FormatError):
        return MALFORMED
    if isinstance(error, ProbeError):
        return PROBE
    if isinstance(error, TreeError):
        return FINDINGS
    return USAGE
