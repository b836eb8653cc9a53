"""The hook that was there before layerscope's: kept under its own name in a folder beside, run first, given back.

A hook may go by `$0`: by its name, as those of husky do, by what lies beside it, or by the folder above. In the folder
beside the hooks all three lead where they led before, what lies beside it by links.
"""

import contextlib
import errno
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.cli.hook_script import HOOK
from layerscope.errors import UsageError

WITHIN: Final = "LAYERSCOPE_WITHIN_HOOK"
"""Set for the kept hook, so that a `layerscope hook run` in it does not run the kept one again."""

_SUFFIX: Final = "before-layerscope"
_EXAMPLES: Final = ".sample"


@dataclass(frozen=True)
class KeptHook:
    """The place for the hook that was there before, by the folder of git's hooks."""

    hooks: Path

    @property
    def path(self) -> Path:
        """Where it lies; once, it lay beside layerscope's under another name."""
        return self._first if os.path.lexists(self._first) else self._folder / HOOK

    @property
    def is_there(self) -> bool:
        """Whether one is kept."""
        return os.path.lexists(self.path)

    def keep(self) -> None:
        """Take in the hook that is there."""
        self._move_in(self.hooks / HOOK)

    def move(self) -> None:
        """Give the one that an earlier layerscope kept the place where it has its own name."""
        if os.path.lexists(self._first) and not os.path.lexists(self._folder / HOOK):
            self._move_in(self._first)

    def give_back(self) -> None:
        """Put it where it was, whatever is there now."""
        self.path.replace(self.hooks / HOOK)
        self._clear()

    def run(self, arguments: Sequence[str], content: bytes) -> int:
        """Run it as git would, with what git gave; its exit code, 0 where there is none."""
        if WITHIN in os.environ or not self.path.is_file() or not os.access(self.path, os.X_OK):
            return 0
        command = [str(self.path.absolute()), *arguments]
        try:
            done = _run(command, content)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise UsageError(f"running the hook {str(self.path)!r}: {error.strerror}") from error
            done = _run(["sh", *command], content)  # as git does with one that names no interpreter
        return done if done >= 0 else 128 - done

    @property
    def _folder(self) -> Path:
        return self.hooks.with_name(f"{self.hooks.name}.{_SUFFIX}")

    @property
    def _first(self) -> Path:
        return self.hooks / f"{HOOK}.{_SUFFIX}"

    def _move_in(self, hook: Path) -> None:
        self._folder.mkdir(exist_ok=True)
        try:
            for beside in sorted(self.hooks.iterdir()):
                link = self._folder / beside.name
                if beside not in {hook, self.hooks / HOOK} and beside.suffix != _EXAMPLES and not os.path.lexists(link):
                    link.symlink_to(f"../{self.hooks.name}/{beside.name}")
            hook.rename(self._folder / HOOK)
        except OSError:
            self._clear()
            raise

    def _clear(self) -> None:
        """Delete the folder and what keep put there; whatever else somebody put there stays."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.is_symlink() and path.name != HOOK:
                    path.unlink()
            self._folder.rmdir()


def _run(command: Sequence[str], content: bytes) -> int:
    environment = os.environ | {WITHIN: "1"}
    done = subprocess.run(command, input=content, env=environment, check=False)  # noqa: S603 -- the person's own hook
    return done.returncode
