"""The shell that a base image hands down: a RUN in shell form is given to it as long as no SHELL names another."""

from collections.abc import Sequence

from layerscope.formats.dockerfile import Stage, parse_exec_form
from layerscope.image.history import BuildStep

_LEAD = "SHELL "


def find_base_shell(
    chain: Sequence[Stage], steps: Sequence[BuildStep], configured: Sequence[str] = ()
) -> tuple[str, ...]:
    """The words of it, by the history below what the Dockerfile added; empty where it is the usual one.

    `configured` is what the image's config says, which is the base's word where the Dockerfile has none. Forms without
    that field have the history alone.
    """
    own = sum(each.keyword == "SHELL" for stage in chain for each in stage.instructions)
    if not own and configured:
        return tuple(configured)
    told = [step.instruction.removeprefix(_LEAD) for step in steps if step.instruction.startswith(_LEAD)]
    below = told[: len(told) - own]
    if not below:
        return ()
    return parse_exec_form(below[-1]) or tuple(below[-1].strip("[]").split()) or ("?",)
