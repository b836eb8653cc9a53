"""The options of `layerscope check`: one for each key of the policy that fits into a flag."""

from typing import Final

import click

from layerscope.cli.gpu_options import with_gpu_options
from layerscope.cli.options import Function, base_option, fail_on_option, ignore_base_option, option
from layerscope.gate.limits import LIMITS
from layerscope.gate.policy import BASELINE
from layerscope.gate.rule_levels import FAIL, WARN

_OPTIONS: Final = (
    fail_on_option,
    option("--against", metavar="IMAGE", help="The image to compare with: the last release."),
    base_option,
    ignore_base_option,
    *(
        option(f"--{limit.key}", metavar=limit.metavar, multiple=limit.is_list, help=limit.explanation)
        for limit in LIMITS
    ),
    option("--baseline", metavar="FILE", help=f"Findings that are accepted; default: {BASELINE}."),
    option(
        "--unlisted-dockerfile",
        type=click.Choice((WARN, FAIL)),
        metavar="LEVEL",
        help="What --dockerfiles does about one that no image of the policy is built from: warn (the default) or fail.",
    ),
    option("--time-limit", metavar="TIME", help="Most time for all images: 20s or 2m; default: as long as it takes."),
)


def with_policy(function: Function) -> Function:
    """Add the options on what is demanded."""
    function = with_gpu_options(function)
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function
