"""Every word of the config that names a file is followed to that file."""

from layerscope.facts.config.process import Process, ProcessCollector
from layerscope.facts.system.programs import ProgramState
from layerscope.image.config import Healthcheck, RuntimeConfig
from support.contexts import collect_one, make_context
from support.tar_member import TarMember, directory, file, symlink, whiteout

ROOT = (
    directory("usr/bin"),
    file("usr/bin/sh", b"\x7fELF", mode=0o755),
    symlink("bin", "usr/bin"),
    directory("app", uid=1000, gid=1000),
    file("app/serve", b"#!/bin/sh\nexec server\n", mode=0o755),
    file("app/data", b"data"),
)


def process(runtime: RuntimeConfig, *layers: tuple[TarMember, ...]) -> Process:
    """The process of an image with this config and these layers."""
    return collect_one(ProcessCollector, make_context(*(layers or (ROOT,)), runtime=runtime), Process)


def test_follows_the_entrypoint_to_its_file() -> None:
    """Script and interpreter, through links."""
    found = process(RuntimeConfig(entrypoint=("/app/serve",), cmd=("--port", "80"))).program
    assert found is not None
    assert (found.state, found.path, found.layer) == (ProgramState.FOUND, "app/serve", 0)
    assert found.interpreter is not None
    assert found.interpreter.path == "usr/bin/sh"
    assert found.is_runnable


def test_takes_the_command_where_there_is_no_entrypoint() -> None:
    """And says so."""
    found = process(RuntimeConfig(cmd=("sh",)))
    assert (found.origin, found.program and found.program.path) == ("command", "usr/bin/sh")
    assert found.command == ("sh",)


def test_starts_relative_paths_in_the_working_directory() -> None:
    """With or without a dot."""
    found = process(RuntimeConfig(entrypoint=("./serve",), working_dir="/app")).program
    assert found is not None
    assert found.path == "app/serve"


def test_follows_the_program_of_a_shell_form() -> None:
    """Where its text is one plain command."""
    found = process(RuntimeConfig(cmd=("/bin/sh", "-c", "exec /app/missing --x")))
    assert found.program is not None
    assert found.program.is_runnable
    assert found.inner is not None
    assert (found.inner.state, found.inner.path) == (ProgramState.MISSING, "app/missing")


def test_does_not_guess_what_a_shell_makes_of_its_text() -> None:
    """Names, variables and substitutions are the shell's."""
    for text in ("serve --x", "$APP/serve", "/app/*.sh", "'/app/my serve'", "A=1 /app/serve", ""):
        assert process(RuntimeConfig(cmd=("/bin/sh", "-c", text))).inner is None


def test_an_image_without_a_command_has_no_program() -> None:
    """Base images are like that."""
    assert process(RuntimeConfig()).program is None


def test_looks_at_the_working_directory() -> None:
    """There, not there, removed, or something else."""
    there = process(RuntimeConfig(working_dir="/app")).working_directory
    assert (there.exists, there.is_directory, there.uid) == (True, True, 1000)
    assert not process(RuntimeConfig(working_dir="/nowhere")).working_directory.exists
    assert process(RuntimeConfig(working_dir="/app/"), ROOT, (whiteout("app"),)).working_directory.removed_by == 1
    assert not process(RuntimeConfig(working_dir="/app/data")).working_directory.is_directory
    assert process(RuntimeConfig(working_dir="")).working_directory.path == "/"


def test_reads_the_health_check() -> None:
    """Its program where it is in exec form, and whether there is one at all."""
    checked = process(RuntimeConfig(healthcheck=Healthcheck(("CMD", "curl", "-f", "http://localhost"))))
    assert checked.has_health_check
    assert checked.health_program is not None
    assert checked.health_program.state is ProgramState.MISSING
    assert process(RuntimeConfig(healthcheck=Healthcheck(("CMD-SHELL", "curl")))).health_program is None
    disabled = process(RuntimeConfig(healthcheck=Healthcheck(("NONE",))))
    assert (disabled.has_health_check, disabled.is_health_check_disabled) == (False, True)


def test_shows_words_without_secrets() -> None:
    """Also where name and value are two words."""
    found = process(RuntimeConfig(entrypoint=("serve", "--api-key", "hunter2", "--url=https://me:hunter2@example.com")))
    assert found.entrypoint == ("serve", "--api-key", "***", "--url=https://me:***@example.com")
