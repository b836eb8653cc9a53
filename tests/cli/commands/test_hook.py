"""`layerscope hook` in real repositories: a push is stopped or not, and no hook of anybody's is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from support.pushing import git, set_policy, write_hook

Answer = Callable[..., tuple[int, bytes, str]]

ROOT = Path(__file__).parents[3]
FOREIGN = '#!/bin/sh\necho "foreign $1" >&2\ncat > seen\nexit {}\n'


def write_foreign(folder: Path, code: int = 0) -> Path:
    """Somebody's own hook."""
    return write_hook(folder / ".git" / "hooks" / "pre-push", FOREIGN.format(code))


def test_a_push_is_stopped_until_the_policy_is_kept(answer: Answer, repository: Path) -> None:
    """With what breaks it; then it goes through, new branches and several refs included."""
    assert answer("hook", "install")[0] == 0
    done = git("push", "origin", "main", folder=repository)
    assert done.returncode != 0
    assert b"CONF011 secret-in-layer" in done.stdout
    assert b"the push of main was stopped; git push --no-verify goes without the check" in done.stderr
    assert git("ls-remote", "origin", folder=repository).stdout == b""
    set_policy(repository, "never")
    done = git("push", "origin", "main", "main:other", folder=repository)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"keeps to the policy") == 1


def test_a_deletion_is_let_pass(answer: Answer, repository: Path) -> None:
    """No commit goes anywhere; beside a ref that is pushed, it is checked."""
    git("push", "origin", "main", "main:old", "main:older", folder=repository)
    answer("hook", "install")
    assert git("push", "origin", ":old", folder=repository).returncode == 0
    done = git("push", "origin", ":older", "main:new", folder=repository)
    assert (done.returncode != 0, b"the push of new was stopped" in done.stderr) == (True, True)


def test_a_policy_that_makes_no_sense_stops_the_push(answer: Answer, repository: Path) -> None:
    """What could not be checked is no success."""
    answer("hook", "install")
    (repository / "layerscope.toml").write_text('[check]\nimages = ["image"]\nmax-sise = 3\n')
    done = git("push", "origin", "main", folder=repository)
    assert done.returncode != 0
    assert b"unknown key; did you mean 'max-size'?" in done.stderr
    assert b"--no-verify" in done.stderr


def test_a_foreign_hook_is_refused(answer: Answer, repository: Path) -> None:
    """It stays as it is, and what helps is told; neither is it taken out."""
    hook = write_foreign(repository)
    code, _, error = answer("hook", "install")
    assert (code, "--chain keeps it" in error) == (2, True)
    code, _, error = answer("hook", "uninstall")
    assert (code, "is not layerscope's" in error) == (2, True)
    assert hook.read_text() == FOREIGN.format(0)


def test_a_foreign_hook_is_chained_and_given_back(answer: Answer, repository: Path) -> None:
    """It runs first, with the arguments and lines of git; a second install keeps it; uninstall gives it back."""
    hook = write_foreign(repository)
    assert answer("hook", "install", "--chain")[0] == 0
    assert answer("hook", "install")[0] == 0
    set_policy(repository, "never")
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode, b"foreign origin" in done.stderr) == (0, True), done.stderr
    assert (repository / "seen").read_text().startswith("refs/heads/main ")
    assert answer("hook", "uninstall")[0] == 0
    assert hook.read_text() == FOREIGN.format(0)
    assert hook.stat().st_mode & 0o111
    assert list((repository / ".git").rglob("*before-layerscope*")) == []


def test_a_foreign_hook_that_fails_stops_the_push(answer: Answer, repository: Path) -> None:
    """Before anything is checked, with its own exit code."""
    write_foreign(repository, 7)
    answer("hook", "install", "--chain")
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode != 0, b".git/hooks.before-layerscope/pre-push, the hook that was" in done.stderr) == (
        True,
        True,
    )
    assert b"CONF011" not in done.stdout


def test_a_foreign_link_is_kept_as_a_link(answer: Answer, repository: Path) -> None:
    """A hook that a manager of hooks links to is given back as it was."""
    write_hook(repository / "hook.sh", FOREIGN.format(0))
    hook = repository / ".git" / "hooks" / "pre-push"
    hook.symlink_to("../../hook.sh")
    assert answer("hook", "install")[0] == 2
    assert answer("hook", "install", "--chain")[0] == 0
    assert not hook.is_symlink()
    set_policy(repository, "never")
    assert b"foreign origin" in git("push", "origin", "main", folder=repository).stderr
    answer("hook", "uninstall")
    assert hook.readlink() == Path("../../hook.sh")


def test_the_hook_lies_where_git_looks_for_it(answer: Answer, repository: Path) -> None:
    """core.hooksPath within the repository is heeded; one that others share is refused."""
    git("config", "core.hooksPath", "tools/hooks", folder=repository)
    assert answer("hook", "install")[0] == 0
    assert (repository / "tools" / "hooks" / "pre-push").exists()
    assert git("push", "origin", "main", folder=repository).returncode != 0
    shared = repository.parent / f"{repository.name}-shared"
    git("config", "core.hooksPath", str(shared), folder=repository)
    code, _, error = answer("hook", "install")
    assert (code, "not this repository's alone" in error) == (2, True)
    assert not shared.exists()


def test_outside_a_repository_there_is_no_hook(answer: Answer, tmp_path: Path) -> None:
    """In git's own words."""
    assert not (tmp_path / ".git").exists()
    code, _, error = answer("hook", "install")
    assert (code, "asking git for its hooks: fatal: not a git repository" in error) == (2, True)


def test_what_is_not_there_is_not_taken_out(answer: Answer, repository: Path) -> None:
    """That is told, and no failure."""
    code, _, said = answer("hook", "uninstall")
    assert (code, "there is no hook of layerscope's" in said) == (0, True)
    assert (repository / ".git").exists()


def test_a_python_that_is_gone_is_told(answer: Answer, repository: Path) -> None:
    """The push stops with what helps, not with an error of the shell."""
    answer("hook", "install")
    hook = repository / ".git" / "hooks" / "pre-push"
    lines = [
        line if not line.startswith("python=") else "python=/nowhere/python" for line in hook.read_text().split("\n")
    ]
    hook.write_text("\n".join(lines))
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode != 0, b"the Python of this hook is gone: /nowhere/python" in done.stderr) == (True, True)


def test_the_hook_of_pre_commit_is_the_check() -> None:
    """What the framework reads names a command that there is, at the stage before a push."""
    yaml = pytest.importorskip("yaml", reason="the file is YAML")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [each for each in hooks if each["id"] == "layerscope-check"]
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    program, command = hook["entry"].split()
    assert (program in project["scripts"], command) == (True, "check")
    assert hook["additional_dependencies"] == project["optional-dependencies"]["compose"], (
        "entries of compose files work"
    )
    assert (hook["stages"], hook["pass_filenames"], hook["always_run"]) == (["pre-push"], False, True)
