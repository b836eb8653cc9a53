"""Host: where things of this host are looked for, so that a test can put another one in its place."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MAX_FILE: Final = 1 << 20
"""Bytes of a file that are read; CDI specifications of many GPUs have some ten thousand."""
MAX_OUTPUT: Final = 1 << 20
"""Characters of a program's output that are looked at."""
GRACE: Final = 1.0
"""Seconds for a killed program to be gone; one that hangs inside the driver is left to itself."""


@dataclass(frozen=True)
class CommandOutput:
    """How a program ended, and what it wrote; `problem` says why there is no exit code."""

    code: int | None
    out: str = ""
    err: str = ""
    problem: str = ""

    @property
    def first_words(self) -> str:
        """The first line that says something, of what went wrong."""
        lines = (line.strip() for line in f"{self.problem}\n{self.err}\n{self.out}".splitlines())
        return next(filter(None, lines), f"exit code {self.code}")


@dataclass(frozen=True)
class Host:
    """The root of its files, its environment, and how long a program may take."""

    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    deadline: float = 15.0
    """Seconds; nvidia-smi takes up to ten on a machine with many GPUs and without a persistent driver."""
    python: tuple[str, ...] = (sys.executable, "-I", "-S")
    """What runs a script of the standard library in a process of its own."""

    def place(self, path: str) -> Path:
        """A path of the host."""
        return self.root / path.lstrip("/")

    def read(self, path: str) -> str | None:
        """The beginning of a file; None where there is none that can be read."""
        try:
            with self.place(path).open("rb") as file:
                return file.read(MAX_FILE).decode(errors="replace")
        except OSError:
            return None

    def list_names(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted; none where there is no such folder."""
        try:
            return tuple(sorted(path.name for path in self.place(folder).iterdir()))
        except OSError:
            return ()

    def find_program(self, name: str, *more: str) -> str | None:
        """The program of that name on PATH, or in one of more folders."""
        folders = [self.environment.get("PATH", os.defpath), *(str(self.place(folder)) for folder in more)]
        return shutil.which(name, path=os.pathsep.join(folders))

    def run(self, command: Sequence[str]) -> CommandOutput:
        """Run a program and wait for its end, or for the deadline; never raises."""
        environment = {**self.environment, "LC_ALL": "C"}
        try:
            process = subprocess.Popen(  # noqa: S603 - programs of this host, by full path, without a shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            return CommandOutput(None, problem=f"{error.strerror}")
        try:
            out, err = process.communicate(timeout=self.deadline)
        except subprocess.TimeoutExpired:
            _end(process)
            return CommandOutput(None, problem=f"no answer within {self.deadline:g} s")
        except BaseException:
            _end(process)
            raise
        return CommandOutput(process.returncode, *(text.decode(errors="replace")[:MAX_OUTPUT] for text in (out, err)))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it started; one that the kernel does not let go is not waited for."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=GRACE)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        return
