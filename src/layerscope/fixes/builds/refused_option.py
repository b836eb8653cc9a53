"""An option that the builder itself refuses, before it looks at the Dockerfile: wrong use, and no step that failed.

Measured with docker 20.10 and 26.1, buildx 0.13 and podman 4.3: all of them parse options by the same library.
https://github.com/spf13/pflag
"""

import re
from collections.abc import Sequence
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.builds.output import BuildRun
from layerscope.formats.secret_text import redact_text

_OPENING: Final = re.compile(r"(?i)error: ")
_ABOUT_ONE: Final = re.compile(
    r"unknown flag: (?P<unknown>--\S+)|unknown shorthand flag: '.+' in (?P<short>-\S+)"
    r'|invalid argument ".*" for "(?:(?P<letter>-.), )?(?P<invalid>--?\S+)" flag: .*'
    r"|flag needs an argument: (?P<bare>--\S+)"
    r"|invalid value for (?P<value>\w[\w-]*): .*"
)
_SWALLOWED: Final = re.compile(
    r'"docker (?:buildx )?build" requires exactly 1 argument\.?|no context directory and no Containerfile specified'
)
"""What is said where an option takes the context for its value."""


def check_taken(run: BuildRun, options: Sequence[str], builder: str) -> None:
    """Raise UsageError with what a builder says of one of these options, if it refused one."""
    if refused := find_refused_option(run, options):
        raise UsageError(f"--build-option: {builder} does not take it: {redact_text(refused)}")


def find_refused_option(run: BuildRun, options: Sequence[str]) -> str:
    """What a builder says of one of these options; empty where it broke at anything else."""
    breakdown = run.breakdown
    if not run.code or breakdown.text or breakdown.line is not None:
        return ""
    for line in (_OPENING.sub("", each, count=1) for each in breakdown.output):
        match = _ABOUT_ONE.fullmatch(line)
        named = [] if match is None else list(filter(None, match.groups()))
        is_swallowed = _SWALLOWED.fullmatch(line) is not None and any("=" not in option for option in options)
        if is_swallowed or any(_is_named(option, name) for option in options for name in named):
            return line
    return ""


def _is_named(option: str, name: str) -> bool:
    """Whether a builder speaks of that option: by its word, its name, or a letter with the value behind it."""
    if not name.startswith("-"):
        return option.partition("=")[0] == f"--{name}"
    is_letter = len(name) == len("-x")
    return option == name or option.startswith(f"{name}=") or (is_letter and option.startswith(name))
