"""Runs a command line from arguments to exit code: every failure ends here, in one line and without a traceback."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


STOPPING: Final = {
    signal.SIGHUP: (exit_codes.HUNG_UP, "hung up"),
    signal.SIGQUIT: (exit_codes.QUIT, "quit"),
    signal.SIGTERM: (exit_codes.TERMINATED, "terminated"),
}
"""Signals that stop the work as Ctrl-C does: the exit code, and what is said."""


class StoppedError(BaseException):
    """A signal arrived; like KeyboardInterrupt it passes every handler of errors and runs every clean-up on its way."""

    def __init__(self, number: int) -> None:
        """Keep which."""
        super().__init__(number)
        self.code, self.word = STOPPING[signal.Signals(number)]


def run(arguments: list[str]) -> int:
    """Run layerscope with `arguments` and return its exit code."""
    console = Console()
    if sys.stdin is None:  # it was closed: whoever reads it finds nothing
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for the life of the process
    with _terminable():
        try:
            code = _answer(arguments, console)
        except KeyboardInterrupt:
            code = exit_codes.INTERRUPTED
            console.complain("interrupted")
        except StoppedError as error:
            code = error.code
            console.complain(error.word)
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
    """Let signals stop the work as Ctrl-C does, with every temporary file removed; one that is ignored stays so.

    https://www.gnu.org/software/coreutils/manual/html_node/nohup-invocation.html
    """
    heeded = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    earlier = {number: signal.signal(number, _raise_stopped) for number in heeded}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _raise_stopped(number: int, _frame: FrameType | None) -> NoReturn:
    """Stop; a shell and the terminal both hang up, and the second time must not interrupt the clean-up."""
    if number == signal.SIGHUP:
        signal.signal(number, signal.SIG_IGN)
    raise StoppedError(number)
