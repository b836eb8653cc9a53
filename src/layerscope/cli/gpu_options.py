"""Options that ask about GPUs: models, a driver, and fleets of node types."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from layerscope.audit.options import AuditOptions
from layerscope.cli.console import Console
from layerscope.cli.options import option
from layerscope.errors import UsageError
from layerscope.facts.cuda.gpu_target import NodeType, parse_fleet, parse_gpu
from layerscope.policies.cuda_driver import parse_driver
from layerscope.policies.policies import Policies

FLEET_LIMIT: Final = 1 << 20
"""Bytes of a fleet's file; a node type takes about 60."""

Function = Callable[..., int]


class _Name(click.types.StringParamType):
    """A GPU's name; in a variable they stand between commas, for names have spaces."""

    envvar_list_splitter = ","


_OPTIONS: Final = (
    option(
        "--gpu",
        "gpus",
        type=_Name(),
        multiple=True,
        metavar="NAME|CC",
        help='Judge the image for this GPU: a model ("H100", "RTX 4090") or a compute capability (9.0); repeatable.',
    ),
    option("--driver", metavar="VERSION", help="The driver that it has: a version (535.183.01) or a branch (R535)."),
    option(
        "--fleet",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Judge the image for every node type of a TOML file: [[node]] with name, gpu and driver.",
    ),
)


def with_gpu_options(function: Function) -> Function:
    """Add the options, passed as `gpus`, `driver` and `fleet`."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


def ask_about(
    options: AuditOptions, *, gpus: tuple[str, ...], driver: str | None, fleet: Path | None
) -> dict[str, Any]:
    """The questions as fields of `AuditOptions`; raises UsageError for what no table knows, before any work is done."""
    policies = options.policies
    if driver is not None:
        _check_driver(driver, is_used=bool(gpus) or fleet is None)
    with _naming("--gpu"):
        targets = tuple(dict.fromkeys(parse_gpu(text, policies.gpu_arch) for text in gpus))
    return {
        "targets": targets,
        "driver": driver or "",
        "fleet": _read_fleet(fleet, policies) if fleet is not None else (),
    }


def tell_unknown_branches(options: AuditOptions, console: Console) -> None:
    """Say which drivers that are asked about are of no branch that the table lists, and how they are judged."""
    branches = [row.branch for row in options.policies.cuda_driver.branches]
    for driver in dict.fromkeys([options.driver, *(node.driver for node in options.fleet)]):
        branch = parse_driver(driver)[0] if driver else branches[0]
        if branch in branches:
            continue
        before = max((each for each in branches if each < branch), default=None)
        how = (
            f"it is taken to serve the CUDA of R{before}" if before else f"it is older than all, from R{branches[0]} on"
        )
        console.say(f"layerscope: driver {driver}: no branch {branch} is known; {how}")


@contextmanager
def _naming(flag: str) -> Iterator[None]:
    """Have an error say which flag it is about."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{flag}: {error}") from error


def _check_driver(driver: str, *, is_used: bool) -> None:
    if not driver.strip():
        raise UsageError("--driver: expected a version (535.183.01) or a branch (R535), got nothing")
    with _naming("--driver"):
        parse_driver(driver)
    if not is_used:
        raise UsageError("--driver beside --fleet: the node types have drivers of their own; expected --gpu beside it")


def _read_fleet(path: Path, policies: Policies) -> tuple[NodeType, ...]:
    try:
        with path.open("rb") as file:
            content = file.read(FLEET_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"reading the fleet {str(path)!r}: {error.strerror}") from error
    if len(content) > FLEET_LIMIT:
        raise UsageError(f"reading the fleet {str(path)!r}: more than {FLEET_LIMIT:,} bytes")
    try:
        return parse_fleet(content.decode(), policies.gpu_arch, origin=f"the fleet {str(path)!r}")
    except UnicodeDecodeError as error:
        raise UsageError(f"reading the fleet {str(path)!r}: expected UTF-8, {error.reason}") from error
