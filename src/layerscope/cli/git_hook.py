"""The pre-push hook of a git repository: found, written, taken out, and the hook that was there before kept."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.cli.hook_managers import find_manager, tell_line
from layerscope.cli.hook_script import HOOK, is_own_script, make_committed_script, make_script
from layerscope.cli.kept_hook import KeptHook
from layerscope.errors import UsageError

_MODE: Final = 0o755


@dataclass(frozen=True)
class HookPlace:
    """Where the hook of a repository lies; `top` is its work tree, None for one that has none."""

    folder: Path
    common: Path
    top: Path | None = None

    @property
    def hook(self) -> Path:
        """The hook itself."""
        return self.folder / HOOK

    @property
    def kept(self) -> KeptHook:
        """The one that was there before."""
        return KeptHook(self.folder)

    @property
    def is_own(self) -> bool:
        """Whether the hook that is there is layerscope's."""
        return is_own_script(self.hook)

    @property
    def is_committed(self) -> bool:
        """Whether the hook is a file of the work tree, for git to take into a commit."""
        return (
            self.top is not None
            and self.folder.is_relative_to(self.top)
            and not self.folder.is_relative_to(self.common)
            and _ask_git("check-ignore", "--quiet", str(self.hook)) is None
        )

    def check_own(self) -> None:
        """Raises UsageError where other repositories have their hooks in the same folder."""
        if not any(self.folder.is_relative_to(each) for each in (self.common, self.top) if each is not None):
            raise UsageError(
                f"core.hooksPath is {str(self.folder)!r}, which is not this repository's alone: a hook there would "
                f"check the pushes of others, too; give this one its own ({self._tell_own_path()})"
            )

    def install(self, *, chain: bool) -> None:
        """Write the hook; raises UsageError where another is there, unless that is to be kept and run first."""
        self._check_worktrees()
        if manager := find_manager(self.folder):
            taken = "; take layerscope's out before (layerscope hook uninstall)" if self.is_own else ""
            raise UsageError(f"{manager}{taken}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.is_own:
                self.kept.move()
                self._rewrite()
                return
            self._make_room(chain=chain)
            try:
                self._write_new()
            except BaseException:
                if self.kept.is_there and not os.path.lexists(self.hook):
                    self.kept.give_back()
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
            if self.kept.is_there:
                self.kept.give_back()
                return True
            self.hook.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"taking out the hook {str(self.hook)!r}: {error.strerror}") from error
        return was_there

    def run_kept(self, arguments: Sequence[str], content: bytes) -> int:
        """Run the hook that was there before as git would, with what git gave; its exit code, 0 where there is none."""
        try:
            if self.is_own:
                self.kept.move()
        except OSError as error:
            raise UsageError(f"moving the hook {str(self.kept.path)!r}: {error.strerror}") from error
        return self.kept.run(arguments, content)

    def _check_worktrees(self) -> None:
        """A path into `.git` leads nowhere in a linked worktree, where that is a file: git would run no hook there."""
        said = _ask_git("config", "--type=path", "core.hooksPath")
        if said and not Path(said[0]).is_absolute() and ".git" in Path(said[0]).parts:
            raise UsageError(
                f"core.hooksPath is {said[0]!r}, which leads nowhere in a linked worktree, where pushes would go "
                f"unchecked: give it in full ({self._tell_own_path()})"
            )

    def _tell_own_path(self) -> str:
        return f"git config --local core.hooksPath {shlex.quote(str(self.common / 'hooks'))}"

    def _make_room(self, *, chain: bool) -> None:
        if self.kept.is_there:
            raise UsageError(f"{str(self.kept.path)!r} is there already: expected no hook kept by an earlier install")
        if not os.path.lexists(self.hook):
            return
        if self.top is not None and _ask_git("ls-files", "--error-unmatch", str(self.hook)) is not None:
            raise UsageError(tell_line(self.hook))
        if not chain:
            raise UsageError(f"{str(self.hook)!r} is another hook: --chain keeps it, and it is run first")
        if self.folder in {self.common, self.top}:
            raise UsageError(f"keeping the hook {str(self.hook)!r}: expected hooks in a folder of their own")
        self.kept.keep()

    def _write_new(self) -> None:
        """Write the hook where none is; one that appears meanwhile is not overwritten."""
        handle = os.open(self.hook, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        self._fill(handle)

    def _rewrite(self) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{HOOK}.")
        self._fill(handle)
        Path(temporary).replace(self.hook)

    def _fill(self, handle: int) -> None:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(make_committed_script() if self.is_committed else make_script(sys.executable))
            os.fchmod(file.fileno(), _MODE)


def find_hook_place() -> HookPlace:
    """Where git looks for the hook of the working directory's repository; raises UsageError outside of one."""
    common, hooks = _ask_repository("--git-common-dir", "--git-path", "hooks")
    top = _ask_git("rev-parse", "--show-toplevel")  # there is none in a bare repository, and within .git
    return HookPlace(Path(hooks).resolve(), Path(common).resolve(), Path(top[0]).resolve() if top else None)


def _ask_repository(*questions: str) -> list[str]:
    done = _run_git("rev-parse", *questions)
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"asking git for its hooks: {told[0] if told else f'exit code {done.returncode}'}")
    return _split(done.stdout)


def _ask_git(*words: str) -> list[str] | None:
    """The lines of an answer; None where git has none."""
    done = _run_git(*words)
    return None if done.returncode else _split(done.stdout)


def _run_git(*words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        command = ["git", *words]
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- git, asked about itself
    except OSError as error:
        raise UsageError(f"asking git for its hooks: {error.strerror}") from error


def _split(answer: bytes) -> list[str]:
    return os.fsdecode(answer).rstrip("\n").split("\n")
