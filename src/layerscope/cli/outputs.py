"""Outputs: in which formats a result is told, and where each goes (`-o FORMAT[=PATH]`)."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerscope.cli.console import Console
from layerscope.errors import UsageError
from layerscope.report.context import RenderContext

Renderer = Callable[[RenderContext], str]

TEXT_AND_JSON = ("terminal", "json")
"""The formats of every command; the first is the default."""

PLAN_FORMATS: Final = (*TEXT_AND_JSON, "markdown")
"""Those of `fix`."""

CHECK_FORMATS: Final = (*PLAN_FORMATS, "html", "sarif", "junit", "github", "gitlab")
"""Those of `check`."""

DIFF_FORMATS: Final = (*PLAN_FORMATS, "html")
"""Those of `diff`."""

AUDIT_FORMATS: Final = (*PLAN_FORMATS, "html", "sarif", "junit", "github", "gitlab", "cyclonedx", "spdx")
"""Those of `audit`, by name: what makes them is imported with the command alone."""


@dataclass(frozen=True)
class Output:
    """A format by name, and the file it goes to; standard output where there is none."""

    format: str
    path: Path | None = None

    @classmethod
    def parse(cls, text: str) -> "Output":
        """Return the output that `FORMAT[=PATH]` spells."""
        name, equals, path = text.partition("=")
        if equals and not path:
            raise UsageError(f"output {text!r}: expected FORMAT=PATH, found no path")
        return cls(name, Path(path) if path else None)


def parse_outputs(texts: Sequence[str], *, formats: Sequence[str]) -> tuple[Output, ...]:
    """Return the outputs asked for, by default the first format; raises UsageError before any work is done."""
    outputs = tuple(Output.parse(text) for text in texts) or (Output(formats[0]),)
    for output in outputs:
        if output.format not in formats:
            raise UsageError(f"output format {output.format!r}: expected one of {', '.join(formats)}")
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError("several formats for standard output: expected at most one without =PATH")
    for output in outputs:
        if output.path is not None:
            _check_path(output.path)
    return outputs


def _check_path(path: Path) -> None:
    """Raise UsageError where a file cannot be written, as far as can be told before there is anything to write."""
    trouble = f"writing the report to {str(path)!r}"
    try:
        if path.is_dir():
            raise UsageError(f"{trouble}: expected a file, found a directory")
        if _is_special(path):
            return
        folder = path.resolve().parent
    except OSError as error:
        raise UsageError(f"{trouble}: {error.strerror}") from error
    if not folder.is_dir():
        raise UsageError(f"{trouble}: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{trouble}: nothing may be written to {str(folder)!r}")


def deliver(
    outputs: Sequence[Output], renderers: Mapping[str, Renderer], *, context: RenderContext, console: Console
) -> None:
    """Render each output and put it where it goes, files first; a reader that is gone is no failure."""
    for output in sorted(outputs, key=lambda output: output.path is None):
        if output.path is not None:
            write_file(
                output.path, renderers[output.format](replace(context, color=False, unicode=True, is_terminal=False))
            )
            console.say(f"{output.format} written to {output.path}")
        else:
            with contextlib.suppress(BrokenPipeError):
                console.write(renderers[output.format](context))


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all; devices and pipes are written to as they are."""
    try:
        if _is_special(path):
            path.write_text(text, encoding="utf-8")
        else:
            _replace_file(path, text)
    except OSError as error:
        raise UsageError(f"writing the report to {str(path)!r}: {error.strerror}") from error


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _replace_file(path: Path, text: str) -> None:
    target = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(_choose_mode(target))
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _choose_mode(target: Path) -> int:
    """That of the file which is replaced; a new one gets what files have."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return 0o666 & ~_read_umask()


def _read_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
