"""Runs a command line from arguments to exit code: every failure ends here, in one line and without a traceback."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

import click

from layerscope.cli import exit_codes
from layerscope.cli.console import Console
from layerscope.cli.root import PROGRAM, root
from layerscope.errors import LayerscopeError

COMPLETION_VARIABLE: Final = "_LAYERSCOPE_COMPLETE"
"""Set by the scripts that click generates for shells, to `SHELL_source` or `SHELL_complete`."""


HELP_OPTIONS: Final = frozenset({"-h", "--help", "--version"})
"""Options that click answers, writing to standard output itself."""


class TerminatedError(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt it passes every handler of errors and runs every clean-up on its way."""


def run(arguments: list[str]) -> int:
    """Run layerscope with `arguments` and return its exit code."""
    console = Console()
    with _terminable():
        try:
            code = _answer(arguments, console)
        except KeyboardInterrupt:
            code = exit_codes.INTERRUPTED
            console.complain("interrupted")
        except TerminatedError:
            code = exit_codes.TERMINATED
            console.complain("terminated")
        console.close()
    return code


def _answer(arguments: list[str], console: Console) -> int:
    try:
        return _invoke(arguments, console)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        _correct(error, console)
        return exit_codes.USAGE
    except LayerscopeError as error:
        console.complain(f"error: {error}", error=error)
        return exit_codes.code_of_error(error)
    except Exception as error:  # noqa: BLE001 -- the last resort: a defect is told in one line too
        if isinstance(error, BrokenPipeError) and console.is_reader_gone():
            return exit_codes.CLEAN
        if isinstance(error, OSError) and not HELP_OPTIONS.isdisjoint(arguments):
            console.complain(f"error: writing to standard output: {error.strerror}", error=error)
            return exit_codes.USAGE
        hint = "" if console.debug else "; add --debug for the traceback"
        console.complain(
            f"error: unexpected {type(error).__name__}: {error} (a defect of layerscope{hint})", error=error
        )
        return exit_codes.CRASH


def _invoke(arguments: list[str], console: Console) -> int:
    instruction = os.environ.get(COMPLETION_VARIABLE)
    if instruction is not None:
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, PROGRAM, COMPLETION_VARIABLE, instruction)
    with root.make_context(PROGRAM, list(arguments), obj=console) as context:
        code: int = root.invoke(context)
        return code


def _correct(error: click.ClickException, console: Console) -> None:
    """Tell what was wrong with the command line, and where its help is."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    hint = f" (see '{context.command_path} --help')" if context is not None else ""
    console.complain(f"error: {error.format_message().rstrip('.')}{hint}")


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM stop the work as Ctrl-C does, with every temporary file removed."""
    earlier = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def _raise_terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TerminatedError
