"""`layerscope push`: `docker push` or `podman push` of an image that keeps to the project's policy."""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from layerscope.cli import exit_codes
from layerscope.cli.console import Console
from layerscope.cli.engine_push import EnginePush, tell_moved
from layerscope.cli.pinned_check import check_pinned, find_own_entries, name_as_listed
from layerscope.cli.push_call import parse_push_call
from layerscope.errors import LayerscopeError
from layerscope.report.escape import escape_line
from layerscope.settings import Settings, read_settings


@click.command(
    "push",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="[--podman] [PUSH OPTIONS]",
)
@click.option("--podman", "is_podman", is_flag=True, help="Push by podman; before all that podman push is given.")
@click.argument("words", metavar="NAME[:TAG]", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(context: click.Context, /, *, is_podman: bool, words: tuple[str, ...]) -> int:
    """Check an image, and push it only when it passes.

    Everything but --podman is what docker push takes, and goes to it as it is, --all-tags included. First, the image
    is checked as by layerscope check, by the policy of the project and variables, which is told on standard error.
    Exit codes: those of layerscope check, with nothing pushed; then that of the push.
    """
    console = context.find_object(Console)
    assert console is not None
    call = parse_push_call(words, "podman" if is_podman else "docker")
    console.quiet = console.quiet or call.is_quiet
    try:
        push = EnginePush.prepare(call, os.environ)
        checked = push.find_ids()
        code = _check(context, push, checked, console)
        if code == exit_codes.CLEAN and (moved := tell_moved(checked, push.find_ids())):
            console.complain(f"{moved}: it was given to another image while it was checked")
            code = exit_codes.UNFINISHED
    except LayerscopeError as error:
        console.complain(f"error: {error}", error=error)
        code = exit_codes.code_of_error(error)
    if code:
        console.complain(f"nothing was pushed; {call.command} goes without the check")
        return code
    code = push.run()
    try:
        found = push.find_ids()
    except LayerscopeError as error:
        console.complain(f"what was pushed could not be compared with what was checked: {error}", error=error)
        return code or exit_codes.UNFINISHED
    if moved := tell_moved(checked, found):
        console.complain(f"{moved}: it was given to another image while it was pushed, which may be the one pushed")
        return code or exit_codes.UNFINISHED
    return code


def _check(context: click.Context, push: EnginePush, images: Mapping[str, str], console: Console) -> int:
    """The worst exit code of the checks, one for each platform that the engine has of an image.

    What they tell goes to standard error, for the other is the push's own.
    """
    settings = read_settings(Path.cwd())
    if not settings.check:
        console.complain("no policy is found here or above: no table [check], so that the defaults hold")
    listed = name_as_listed(images, push.call.kind, settings)
    others = _find_others(push, images, listed, settings, console)
    platforms = push.list_platforms(images)
    codes = []
    for platform in dict.fromkeys(each for several in platforms.values() for each in several):
        names = [name for name in images if platform in platforms[name]]
        ids = {listed[name]: images[name] for name in names}
        ids |= {other: image for other, image in others.items() if image in ids.values()}
        pinned = {name: f"{push.call.kind}:{image}" for name, image in ids.items()}
        if platform is not None:
            console.say(f"layerscope: for {platform}")
        with contextlib.redirect_stdout(sys.stderr):
            codes.append(check_pinned(context, pinned, platform=platform))
    return max(codes)


def _find_others(
    push: EnginePush, images: Mapping[str, str], listed: Mapping[str, str], settings: Settings, console: Console
) -> dict[str, str]:
    """Other names of the same images that the policy has entries for, each with its image: what they demand holds."""
    found = {}
    for image, names in push.list_names(images).items():
        pushed = [name for name, other in images.items() if other == image]
        known = [listed[name] for name in pushed]
        for other in find_own_entries(names, push.call.kind, settings, known=known):
            found[other] = image
            told = f"{pushed[0]} is the image {other}, too: what the policy demands of that holds as well"
            console.say(f"layerscope: {escape_line(told)}")
    return found
