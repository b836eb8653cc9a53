"""The pre-push hook of a git repository: written, taken out, and the hook that was there before kept and run first."""

import errno
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError

HOOK: Final = "pre-push"
KEPT: Final = f"{HOOK}.before-layerscope"
"""The hook that was there before."""

_MARK: Final = "# The pre-push hook of layerscope"
_MARK_WITHIN: Final = 200
"""Bytes of a hook in which the mark stands."""

_SCRIPT: Final = f"""\
#!/bin/sh
{_MARK}: `layerscope hook install` writes it, `layerscope hook uninstall` takes it out.
python={{python}}
if [ ! -x "$python" ]; then
    echo "layerscope: the Python of this hook is gone: $python; 'layerscope hook install' writes the hook anew" >&2
    echo "layerscope: 'git push --no-verify' goes without the check" >&2
    exit 2
fi
exec "$python" -P -m layerscope hook run "$@"
"""
_MODE: Final = 0o755


@dataclass(frozen=True)
class HookPlace:
    """Where the hook of a repository lies."""

    folder: Path

    @property
    def hook(self) -> Path:
        """The hook itself."""
        return self.folder / HOOK

    @property
    def kept(self) -> Path:
        """The one that was there before."""
        return self.folder / KEPT

    @property
    def is_own(self) -> bool:
        """Whether the hook that is there is layerscope's."""
        if self.hook.is_symlink() or not self.hook.is_file():
            return False
        with self.hook.open("rb") as file:
            return _MARK.encode() in file.read(_MARK_WITHIN)

    def install(self, *, chain: bool) -> None:
        """Write the hook; raises UsageError where another is there, unless that is to be kept and run first."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.is_own:
                self._rewrite()
                return
            self._make_room(chain=chain)
            try:
                self._write_new()
            except BaseException:
                if os.path.lexists(self.kept) and not os.path.lexists(self.hook):
                    self.kept.rename(self.hook)
                raise
        except OSError as error:
            raise UsageError(f"writing the hook {str(self.hook)!r}: {error.strerror}") from error

    def uninstall(self) -> bool:
        """Take the hook out and give back what was there before; False where there is none of layerscope's.

        Raises UsageError for a hook that is another's.
        """
        try:
            if os.path.lexists(self.hook) and not self.is_own:
                raise UsageError(f"{str(self.hook)!r} is not layerscope's; it is left as it is")
            was_there = self.is_own
            if os.path.lexists(self.kept):
                self.kept.replace(self.hook)
                return True
            self.hook.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"taking out the hook {str(self.hook)!r}: {error.strerror}") from error
        return was_there

    def run_kept(self, arguments: Sequence[str], content: bytes) -> int:
        """Run the hook that was there before as git would, with what git gave; its exit code, 0 where there is none."""
        if not self.kept.is_file() or not os.access(self.kept, os.X_OK):
            return 0
        command = [str(self.kept.absolute()), *arguments]
        try:
            done = _run(command, content)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise UsageError(f"running the hook {str(self.kept)!r}: {error.strerror}") from error
            done = _run(["sh", *command], content)  # as git does with one that names no interpreter
        return done if done >= 0 else 128 - done

    def _make_room(self, *, chain: bool) -> None:
        if os.path.lexists(self.kept):
            raise UsageError(f"{str(self.kept)!r} is there already: expected no hook kept by an earlier install")
        if not os.path.lexists(self.hook):
            return
        if not chain:
            raise UsageError(f"{str(self.hook)!r} is another hook: --chain keeps it, and it is run first")
        self.hook.rename(self.kept)

    def _write_new(self) -> None:
        """Write the hook where none is; one that appears meanwhile is not overwritten."""
        handle = os.open(self.hook, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_make_script())
            os.fchmod(file.fileno(), _MODE)

    def _rewrite(self) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{HOOK}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_make_script())
            os.fchmod(file.fileno(), _MODE)
        Path(temporary).replace(self.hook)


def find_hook_place() -> HookPlace:
    """Where the repository of the working directory has its hooks; raises UsageError where it has none of its own."""
    common, hooks, *top = _ask_git("--git-common-dir", "--git-path", "hooks", "--show-toplevel")
    folder = Path(hooks).resolve()
    if not any(folder.is_relative_to(Path(each).resolve()) for each in (common, *top)):
        raise UsageError(
            f"core.hooksPath is {str(folder)!r}, which is not this repository's alone: a hook there would check the "
            "pushes of others, too; give this one its own (git config --local core.hooksPath .git/hooks)"
        )
    return HookPlace(folder)


def _ask_git(*questions: str) -> list[str]:
    try:
        command = ["git", "rev-parse", *questions]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- git, asked about itself
    except OSError as error:
        raise UsageError(f"asking git for its hooks: {error.strerror}") from error
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"asking git for its hooks: {told[0] if told else f'exit code {done.returncode}'}")
    return os.fsdecode(done.stdout).rstrip("\n").split("\n")


def _make_script() -> str:
    return _SCRIPT.format(python=shlex.quote(sys.executable))


def _run(command: Sequence[str], content: bytes) -> int:
    return subprocess.run(command, input=content, check=False).returncode  # noqa: S603 -- the person's own hook
