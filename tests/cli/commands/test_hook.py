"""`layerscope hook` in real repositories: a push is stopped or not, and no hook of anybody's is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from support.images import build_image, write_image
from support.pushing import PASSWD, git, set_policy, write_hook
from support.tar_writer import file

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


def name_for_refs(repository: Path, *names: str) -> None:
    """Commit a policy whose images are named for what is pushed: folders of the images of `main` and `feature/X`."""
    layers = [[file("etc/passwd", PASSWD)], [file("app/serve.py", b"print()\n")]]
    for name in ("image-main", "image-v1.5"):
        write_image(build_image(layers, runtime={"User": "app"}), repository / name, "oci-dir")
    (repository / "image").rename(repository / "image-feature-x")
    text = f'cache-dir = "cache"\n[check]\nimages = [{", ".join(names)}]\n'
    (repository / "layerscope.toml").write_text(text)
    git("commit", "--quiet", "-am", "images of branches", folder=repository)


def test_the_image_of_the_branch_that_is_pushed_is_checked(answer: Answer, repository: Path) -> None:
    """Each of several refs has its own, by the name that it has at the remote; one that is deleted has none."""
    name_for_refs(repository, '"oci-dir:image-{branch}"')
    answer("hook", "install")
    done = git("push", "origin", "main", "main:feature/X", folder=repository)
    assert (done.returncode != 0, done.stdout.decode().count("oci-dir:image-")) == (True, 2)
    done = git("push", "origin", "main", folder=repository)
    assert (done.returncode, "✔ oci-dir:image-main" in done.stdout.decode()) == (0, True), done.stderr
    done = git("push", "origin", ":main", "main:feature/X", folder=repository)
    assert done.returncode != 0
    assert "✘ oci-dir:image-feature-x  breaks" in done.stdout.decode()
    assert b"image-main" not in done.stdout
    done = git("push", "origin", "main:other", folder=repository)
    assert (done.returncode != 0, b"optional = true into check.images[0]" in b" ".join(done.stdout.split())) == (
        True,
        True,
    )


def test_a_tag_has_an_image_of_its_own(answer: Answer, repository: Path) -> None:
    """What stands for nothing in a push is told and not checked; an annotated tag stands for its commit."""
    name_for_refs(
        repository, '"oci-dir:image-{branch}"', '"oci-dir:image-{tag}"', '{image = "oci-dir:c-{short-commit}"}'
    )
    answer("hook", "install")
    commit = git("rev-parse", "HEAD", folder=repository).stdout.decode()[:8]
    (repository / "image-main").rename(repository / f"c-{commit}")
    git("tag", "-a", "-m", "release", "v1.5", folder=repository)
    done = git("push", "origin", "v1.5", folder=repository)
    lines = done.stdout.decode()
    assert done.returncode == 0, (lines, done.stderr)
    assert "✔ oci-dir:image-v1.5" in lines
    assert f"✔ oci-dir:c-{commit}" in lines
    assert "oci-dir:image-{branch}  was left out" in lines
    assert "nothing stands for {branch}: what is pushed is refs/tags/v1.5" in " ".join(lines.split())
    assert "2 images keep to the policy, 1 was left out" in lines


def test_a_push_of_other_refs_is_told_to_be_unchecked(answer: Answer, repository: Path) -> None:
    """The policy asks for the images of branches alone."""
    name_for_refs(repository, '"oci-dir:image-{branch}"')
    answer("hook", "install")
    done = git("push", "origin", "main:refs/notes/x", folder=repository)
    text = " ".join(done.stdout.decode().split())
    assert (done.returncode, "nothing stands for {branch}: what is pushed is refs/notes/x" in text) == (0, True), done


def test_an_image_of_a_push_is_not_looked_for_in_a_registry(answer: Answer, repository: Path) -> None:
    """What is there under the branch's name was pushed before."""
    name_for_refs(repository, '"registry.invalid/team/llm:{branch}"')
    answer("hook", "install")
    done = git("push", "origin", "main", folder=repository)
    told = " ".join(done.stdout.decode().split())
    assert (done.returncode != 0, "could not be had" in told, "build it before" in told) == (True, True, True)
    assert "registry:" not in told


def test_the_hook_of_pre_commit_is_the_check() -> None:
    """What the framework reads names a command that there is, at the stage before a push."""
    yaml = pytest.importorskip("yaml", reason="the file is YAML")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [each for each in hooks if each["id"] == "layerscope-check"]
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    program, command = hook["entry"].split()
    assert (program in project["scripts"], command) == (True, "check")
    assert (hook["stages"], hook["pass_filenames"], hook["always_run"]) == (["pre-push"], False, True)
