"""How the container's process starts: every word of the config that names a file, followed to that file."""

from collections.abc import Iterator
from posixpath import normpath
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import find_shell_script
from layerscope.facts.system.programs import Program, ProgramFinder, ProgramState
from layerscope.formats.secret_text import redact_words
from layerscope.image.config import RuntimeConfig
from layerscope.layers.entry import EntryType

CLIENTS: Final = ("curl", "wget", "python3", "python")
"""Programs that can ask a server over HTTP."""


class WorkingDirectory(Struct, frozen=True):
    """The config's working directory as the container finds it; `path` is as configured."""

    path: str
    exists: bool
    is_directory: bool
    layer: int | None = None
    removed_by: int | None = None
    mode: int = 0
    uid: int = 0
    gid: int = 0


class Process(Fact, frozen=True):
    """Entrypoint, command, working directory and health check; words are shown without secrets.

    `program` is the first word followed to its file, `origin` the part of the config that it stands in. `inner` is the
    program that a shell form starts, where its text is one plain command. `health_program` likewise. `clients` are the
    programs of the image that can ask a server: `curl`, `wget`, `python3`, `python`.
    """

    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    origin: str
    program: Program | None
    inner: Program | None
    working_directory: WorkingDirectory
    user: str
    stop_signal: str | None
    exposed_ports: tuple[str, ...]
    has_health_check: bool
    is_health_check_disabled: bool
    health_program: Program | None
    clients: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """All words that an engine would run."""
        return (*self.entrypoint, *self.cmd)


class ProcessCollector(Collector):
    """Follows the config's words into the merged tree."""

    name = "config.process"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the process."""
        runtime = context.image.config.runtime
        command = (*runtime.entrypoint, *runtime.cmd)
        finder = ProgramFinder(context)
        program = finder.find(command[0]) if command and command[0] else None
        health = runtime.healthcheck
        yield Process(
            evidence=Evidence(layer=program.layer if program else None, path=program.path if program else None),
            entrypoint=redact_words(runtime.entrypoint),
            cmd=redact_words(runtime.cmd),
            origin="entrypoint" if runtime.entrypoint else "command",
            program=program,
            inner=_find_inner(command, finder),
            working_directory=_find_working_directory(context, runtime),
            user=runtime.user,
            stop_signal=runtime.stop_signal,
            exposed_ports=runtime.exposed_ports,
            has_health_check=health is not None and bool(health.test) and not health.is_disabled,
            is_health_check_disabled=health is not None and health.is_disabled,
            health_program=_find_health_program(runtime, finder),
            clients=tuple(name for name in CLIENTS if finder.find(name).state is ProgramState.FOUND),
        )


def _find_inner(command: tuple[str, ...], finder: ProgramFinder) -> Program | None:
    """The program of a shell form, where the text is one command without expansion before its first word."""
    script = find_shell_script(command)
    words = script.split() if script else []
    if words[:1] == ["exec"]:
        del words[0]
    if not words or not words[0].startswith("/") or set(words[0]) & set("$`*?\"'\\;&|(){}<>~="):
        return None
    return finder.find(words[0])


def _find_health_program(runtime: RuntimeConfig, finder: ProgramFinder) -> Program | None:
    """The program of an exec-form health check."""
    test = runtime.healthcheck.test if runtime.healthcheck is not None else ()
    return finder.find(test[1]) if len(test) > 1 and test[0] == "CMD" and test[1] else None


def _find_working_directory(context: FactContext, runtime: RuntimeConfig) -> WorkingDirectory:
    """The directory that the process starts in."""
    path = runtime.working_dir or "/"
    node = context.tree.resolve(path)
    if node is None:
        return WorkingDirectory(
            path, exists=False, is_directory=False, removed_by=context.find_removal(normpath(f"/{path}").lstrip("/"))
        )
    return WorkingDirectory(
        path,
        exists=True,
        is_directory=node.type is EntryType.DIRECTORY,
        layer=node.layer,
        mode=node.mode,
        uid=node.uid,
        gid=node.gid,
    )
