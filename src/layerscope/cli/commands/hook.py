"""`layerscope hook`: the check of images before `git push`."""

import sys
from pathlib import Path

import click

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.git_commits import PUSHED, name_pushed
from layerscope.cli.git_hook import HookPlace, find_hook_place
from layerscope.cli.options import with_console
from layerscope.errors import LayerscopeError, SettingsError, UsageError
from layerscope.gate.pushed_refs import MAX_SIZE, parse_pushed_refs
from layerscope.rules.wording import tell_list
from layerscope.settings import OWN_FILE, read_settings


@click.group("hook")
def command() -> None:
    """Check images before git push."""


@command.command("install", cls=Command)
@click.option("--chain", is_flag=True, help="Keep a hook that is there already, and run it first.")
@with_console
def install(*, chain: bool, console: Console) -> int:
    """Write the pre-push hook of this repository.

    A hook that is there already is never overwritten: without --chain it is refused, with it kept and run first.
    """
    place = find_hook_place()
    place.check_own()
    place.install(chain=chain)
    console.say(f"layerscope: {place.hook} runs layerscope check before every push")
    if place.is_committed:
        console.say(
            "layerscope: git would take it into a commit, so it names no Python of this machine: it runs the "
            "layerscope on the PATH"
        )
    if place.kept.is_there:
        console.say(f"layerscope: the hook that was there is kept as {place.kept.path}, and runs first")
    _warn_of_no_image(place, console)
    return exit_codes.CLEAN


@command.command("uninstall", cls=Command)
@with_console
def uninstall(*, console: Console) -> int:
    """Take the hook out, and give back the one that was there before."""
    place = find_hook_place()
    place.check_own()
    was_kept = place.kept.is_there
    is_gone = place.uninstall()
    if not is_gone:
        console.say(f"layerscope: there is no hook of layerscope's in {place.folder}")
    elif was_kept:
        console.say(f"layerscope: {place.hook} is again the hook that was there before")
    else:
        console.say(f"layerscope: {place.hook} is gone")
    return exit_codes.CLEAN


@command.command("run", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", metavar="[REMOTE] [URL]", nargs=-1, type=click.UNPROCESSED)
@with_console
@click.pass_context
def run(context: click.Context, /, *, arguments: tuple[str, ...], console: Console) -> int:
    """Do what the hook does: read the refs that are pushed on standard input, and check.

    A push that only deletes refs is let pass, any other once by layerscope check, however many refs it has. Its exit
    code, or that of the hook that was there before, stops the push where it is not 0.
    """
    content = _read_input()
    refs = parse_pushed_refs(content)
    place = find_hook_place()
    code = place.run_kept(arguments, content)
    if code:
        console.complain(f"the push was stopped by {place.kept.path}, the hook that was there before")
        return code
    pushed = [ref for ref in refs if not ref.is_deletion]
    if not pushed:
        return exit_codes.CLEAN
    names = tell_list(ref.name for ref in pushed)
    stopped = f"the push of {names} was stopped; git push --no-verify goes without the check"
    context.meta[PUSHED] = name_pushed(pushed)
    try:
        code = _check(context)
    except LayerscopeError as error:
        console.complain(f"error: {error}", error=error)
        code = exit_codes.code_of_error(error)
    if code:
        console.complain(stopped)
    return code


def _read_input() -> bytes:
    """What git gives a hook; raises UsageError for a terminal, on which nobody knows what to type."""
    if sys.stdin.isatty():
        raise UsageError(
            "reading the refs that are pushed: standard input is a terminal, expected what git gives a hook; "
            "layerscope check checks without a push, and git push --dry-run runs the hook"
        )
    return sys.stdin.buffer.read(MAX_SIZE + 1)


def _warn_of_no_image(place: HookPlace, console: Console) -> None:
    """Tell where the hook, which git starts at the top, would find no image, and so stop every push."""
    top = place.top or place.common
    try:
        if read_settings(top).check.get("images"):
            return
        below = read_settings(Path.cwd())
    except SettingsError as error:
        console.complain(f"as it is, every push is stopped: {error}", error=error)
        return
    told = f"; {below.path} is not read from there" if below.path and below.check.get("images") else ""
    console.complain(
        f"as it is, every push is stopped: no image is listed under [check] in {top} ({OWN_FILE}), "
        f"where git starts the hook{told}"
    )


def _check(context: click.Context) -> int:
    """The exit code of `layerscope check`, as it is without a flag."""
    from layerscope.cli.commands.check import command as check

    with check.make_context("check", [], parent=context) as inner:
        code: int = check.invoke(inner)
        return code
