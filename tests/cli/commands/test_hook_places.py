"""`layerscope hook` where hooks are shared, committed, or written by a program: no push goes unchecked in silence."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.pushing import git, set_policy, write_hook

Answer = Callable[..., tuple[int, str, str]]

HUSKY = '#!/usr/bin/env sh\n. "$(dirname "$0")/h"'
"""What husky 9 writes for every hook."""
HUSKY_STUB = """\
#!/usr/bin/env sh
n=$(basename "$0")
s=$(dirname "$(dirname "$0")")/$n
[ ! -f "$s" ] && exit 0
sh -e "$s" "$@"
"""
"""What that leads to, without its settings."""
LEFTHOOK = '#!/bin/sh\ncall_lefthook()\n{\n  lefthook "$@"\n}\ncall_lefthook run "pre-push" "$@"\n'
BY_PLACE = """\
#!/bin/sh
. "$(dirname "$0")/words.sh"
echo "$WORDS of $(basename "$0") in $(cat "$(dirname "$0")/../HEAD")" >&2
"""
"""A hook that goes by its name, by what lies beside it, and by the folder above."""


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layerscope on the PATH."""
    path = tmp_path_factory.mktemp("bin") / "layerscope"
    write_hook(path, f'#!/bin/sh\nexec {sys.executable} -P -m layerscope "$@"\n')
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def write_husky(repository: Path, own: str) -> Path:
    """What husky 9 leaves in a repository, and the person's own hook for it; returns the one that git runs."""
    git("config", "core.hooksPath", ".husky/_", folder=repository)
    (repository / ".husky").mkdir()
    (repository / ".husky" / "pre-push").write_text(own)
    hook = write_hook(repository / ".husky" / "_" / "pre-push", HUSKY)
    (hook.parent / "h").write_text(HUSKY_STUB)
    return hook


def test_a_path_into_git_is_refused_as_it_leads_nowhere_in_a_linked_worktree(answer: Answer, repository: Path) -> None:
    """The path in full, which is told, checks the pushes of both."""
    git("config", "core.hooksPath", ".git/hooks", folder=repository)
    code, _, error = answer("hook", "install")
    hooks = repository / ".git" / "hooks"
    assert (code, f"(git config --local core.hooksPath {hooks})" in error) == (2, True)
    git("config", "--local", "core.hooksPath", str(hooks), folder=repository)
    assert answer("hook", "install")[0] == 0
    linked = repository.parent / f"{repository.name}-linked"
    git("worktree", "add", "--quiet", str(linked), folder=repository)
    done = git("push", "origin", "HEAD:refs/heads/linked", folder=linked)
    assert (done.returncode != 0, b"the push of linked was stopped" in done.stderr) == (True, True), done


def test_a_shared_hook_may_call_the_check(answer: Answer, repository: Path, program: Path) -> None:
    """What stands in a folder for all repositories is the person's own to write; there is no kept hook to run."""
    shared = repository.parent / f"{repository.name}-shared"
    write_hook(shared / "pre-push", '#!/bin/sh\nexec layerscope hook run "$@"\n')
    git("config", "core.hooksPath", str(shared), folder=repository)
    assert git("push", "origin", "main", folder=repository).returncode != 0
    set_policy(repository, "never")
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode, b"keeps to the policy" in done.stdout) == (0, True), done.stderr
    code, _, error = answer("hook", "install")
    own = repository / ".git" / "hooks"
    assert (code, f"core.hooksPath {own}" in error, program.exists()) == (2, True, True)


def test_a_push_from_within_git_is_checked(answer: Answer, repository: Path) -> None:
    """Where there is no work tree, git runs the hook all the same."""
    answer("hook", "install")
    done = git("push", "origin", "main", folder=repository / ".git")
    assert (done.returncode != 0, b"CONF011" in done.stdout) == (True, True), done.stderr
    set_policy(repository, "never")
    done = git("push", "origin", "main", folder=repository / ".git")
    assert done.returncode == 0, done.stderr


def test_a_bare_repository_has_a_hook(
    answer: Answer, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It serves the worktrees that are linked to it."""
    monkeypatch.chdir(tmp_path / "remote.git")
    code, _, said = answer("hook", "install")
    assert (code, f"{repository / 'remote.git' / 'hooks' / 'pre-push'} runs" in said) == (0, True)


@pytest.mark.parametrize("is_own", [False, True])
def test_husky_is_refused_with_the_line_for_its_own_file(is_own: bool, answer: Answer, repository: Path) -> None:
    """It writes its folder anew, and a hook there with it; also where an earlier layerscope was chained."""
    hook = write_husky(repository, "exit 1\n")
    if is_own:
        chain_as_before(hook)
    before = hook.read_text()
    for words in (("hook", "install"), ("hook", "install", "--chain")):
        code, _, error = answer(*words)
        told = f"add the line layerscope hook run \"$@\" to '{repository}/.husky/pre-push' instead"
        assert (code, told in error, "hook uninstall" in error) == (2, True, is_own)
    assert hook.read_text() == before


def test_the_line_for_husky_checks_a_push(repository: Path, program: Path) -> None:
    """Also where the hook that an earlier layerscope kept was left behind, which is not run in a circle."""
    hook = write_husky(repository, 'layerscope hook run "$@"\n')
    write_hook(hook.with_name("pre-push.before-layerscope"), hook.read_text())
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode != 0, done.stdout.count(b"CONF011"), program.exists()) == (True, 1, True), done
    set_policy(repository, "never")
    assert git("push", "origin", "main", folder=repository).returncode == 0


def test_lefthook_is_refused_with_the_lines_for_its_settings(answer: Answer, repository: Path) -> None:
    """It writes its hook anew."""
    hook = write_hook(repository / ".git" / "hooks" / "pre-push", LEFTHOOK)
    code, _, error = answer("hook", "install", "--chain")
    told = "commands: {layerscope: {run: 'layerscope hook run {0}', use_stdin: true}} under pre-push in lefthook.yml"
    assert (code, told in error, hook.read_text()) == (2, True, LEFTHOOK)


def test_a_kept_hook_finds_its_name_and_its_neighbours(answer: Answer, repository: Path) -> None:
    """By `$0`, as before; what lies beside it is not touched when it is given back."""
    hook = write_hook(repository / ".git" / "hooks" / "pre-push", BY_PLACE)
    (hook.parent / "words.sh").write_text("WORDS=words\n")
    assert answer("hook", "install", "--chain")[0] == 0
    set_policy(repository, "never")
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode, b"words of pre-push in ref: refs/heads/main" in done.stderr) == (0, True), done.stderr
    assert answer("hook", "uninstall")[0] == 0
    assert (hook.read_text(), (hook.parent / "words.sh").read_text()) == (BY_PLACE, "WORDS=words\n")
    assert not (repository / ".git" / "hooks.before-layerscope").exists()


def chain_as_before(hook: Path) -> Path:
    """Keep a hook as the first versions did, beside layerscope's under another name."""
    kept = hook.rename(hook.with_name("pre-push.before-layerscope"))
    text = "# The pre-push hook of layerscope: `layerscope hook install` writes it"
    write_hook(hook, f'#!/bin/sh\n{text}\nexec {sys.executable} -P -m layerscope hook run "$@"\n')
    return kept


@pytest.mark.parametrize("by", ["push", "install", "uninstall"])
def test_a_hook_that_was_kept_under_another_name_gets_its_own(by: str, answer: Answer, repository: Path) -> None:
    """By whatever is done first: that of husky, which goes by its name, ran no more."""
    hook = write_hook(repository / ".git" / "hooks" / "pre-push", '#!/bin/sh\necho "as $(basename "$0")" >&2\n')
    kept = chain_as_before(hook)
    set_policy(repository, "never")
    if by == "install":
        assert answer("hook", "install")[0] == 0
    if by == "uninstall":
        assert answer("hook", "uninstall")[0] == 0
        assert "basename" in hook.read_text()
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode, b"as pre-push\n" in done.stderr, kept.exists()) == (0, True, False), done.stderr


def test_a_husky_that_was_chained_runs_the_persons_hook_again(repository: Path) -> None:
    """The push that its own hook forbids is stopped."""
    chain_as_before(write_husky(repository, "echo mine; exit 1\n"))
    set_policy(repository, "never")
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode != 0, b"mine" in done.stdout + done.stderr) == (True, True)


def test_a_hook_that_may_be_committed_names_no_machine(answer: Answer, repository: Path, program: Path) -> None:
    """It runs the layerscope on the PATH, without which the push is stopped; one that git ignores is a person's."""
    git("config", "core.hooksPath", "tools/hooks", folder=repository)
    code, _, said = answer("hook", "install")
    hook = repository / "tools" / "hooks" / "pre-push"
    assert (code, "runs the layerscope on the PATH" in said, sys.executable in hook.read_text()) == (0, True, False)
    assert b"CONF011" in git("push", "origin", "main", folder=repository).stdout
    program.unlink()
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode != 0, b"no layerscope is on the PATH" in done.stderr) == (True, True)
    (repository / ".git" / "info" / "exclude").write_text("/tools/hooks/\n")
    assert answer("hook", "install")[0] == 0
    assert sys.executable in hook.read_text()


def test_a_committed_hook_is_refused_with_the_line_for_it(answer: Answer, repository: Path) -> None:
    """It is everybody's, and stays where it is."""
    git("config", "core.hooksPath", "tools/hooks", folder=repository)
    hook = write_hook(repository / "tools" / "hooks" / "pre-push", "#!/bin/sh\n")
    git("add", "tools", folder=repository)
    code, _, error = answer("hook", "install", "--chain")
    assert (code, 'add the line layerscope hook run "$@" to it' in error) == (2, True)
    assert hook.read_text() == "#!/bin/sh\n"


def test_a_hook_that_will_find_no_image_is_told_when_it_is_installed(
    answer: Answer, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of a folder below is named; the push that is stopped names the folder that was looked in."""
    (repository / "svc").mkdir()
    git("mv", "layerscope.toml", "svc", folder=repository)
    monkeypatch.chdir(repository / "svc")
    code, _, said = answer("hook", "install")
    assert (code, f"no image is listed under [check] in {repository} (layerscope.toml)" in said) == (0, True)
    assert f"{repository / 'svc' / 'layerscope.toml'} is not read from there" in said
    done = git("push", "origin", "main", folder=repository)
    assert f"there is none in {repository})".encode() in done.stderr


def test_a_python_without_layerscope_is_told(answer: Answer, repository: Path, tmp_path: Path) -> None:
    """The push stops with what helps, not with the error of the Python."""
    answer("hook", "install")
    hook = repository / ".git" / "hooks" / "pre-push"
    python = write_hook(tmp_path / "python", "#!/bin/sh\necho 'No module named layerscope' >&2\nexit 1\n")
    lines = [f"python={python}" if line.startswith("python=") else line for line in hook.read_text().split("\n")]
    hook.write_text("\n".join(lines))
    done = git("push", "origin", "main", folder=repository)
    told = f"the Python of this hook has no layerscope any more: {python}; 'layerscope hook install'"
    assert (done.returncode != 0, told.encode() in done.stderr) == (True, True), done.stderr
    assert b"No module named" not in done.stderr


def test_a_terminal_is_no_input_of_a_hook(repository: Path) -> None:
    """It does not wait in silence for what nobody would type."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "layerscope", "hook", "run", "origin", "url"]
    try:
        done = subprocess.run(command, cwd=repository, stdin=slave, capture_output=True, check=False, timeout=60)
    finally:
        os.close(master)
        os.close(slave)
    assert (done.returncode, b"git push --dry-run runs the hook" in done.stderr) == (2, True)
