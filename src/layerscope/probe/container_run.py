"""A run in a container of an engine: locked down, fed by standard input, always removed."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from layerscope.engine import containers
from layerscope.engine.attached import STDOUT, AttachedStreams
from layerscope.engine.client import Engine
from layerscope.errors import EngineError
from layerscope.held_signals import HeldSignals
from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.confinement import Confinement, build_host_settings
from layerscope.probe.disk_watch import OF_ENGINE, DiskWatch
from layerscope.probe.gpu_access import NO_GPU, GpuAccess
from layerscope.probe.limits import GRACE
from layerscope.probe.observation import Observation
from layerscope.probe.owner import is_alive, name_owner
from layerscope.probe.program import list_command, make_input
from layerscope.probe.protocol import MAX_STRAYS, RecordReader
from layerscope.probe.spec import ProbeSpec, make_nonce
from layerscope.probe.stage_clock import StageClock
from layerscope.progress import Progress

LABEL: Final = "layerscope.probe"
"""Marks our containers; its value is the process that owns one, as `BOOT:PID:START`, which tells leftovers apart."""

TICK: Final = 0.1
SEND_SECONDS: Final = 30.0
NOT_EXECUTABLE: Final = 126
"""How a shell ends of a program that it may not start."""
MAX_REFUSAL: Final = 1000
"""Characters of an engine's refusal that are shown."""

_CLOSED: Final = re.compile(
    r'\bexec: "[^"]{1,300}": (?:stat [^:]{1,300}: )?permission denied|\bopen executable: permission denied',
    re.IGNORECASE,
)
"""What runc and crun say of one that lies behind a folder which the container's user may not enter, as /root.

What else they or their hooks were denied says nothing of the image.
"""

ASKING: Final = 0.5
"""Seconds between two questions whether a container still runs."""

ENDING: Final = 0.02
"""Seconds between two such questions of one whose work is over."""

END_SECONDS: Final = 1.0
"""How long they are asked; a slow engine is asked fewer."""


def run_in_container(
    engine: Engine,
    image: str,
    spec: ProbeSpec,
    *,
    gpus: Sequence[GpuAccess] = (),
    progress: Progress,
    confinement: Confinement | None = None,
    disks: Sequence[Path] = (),
) -> Observation:
    """What the payload tells in a container of that image, given GPUs in the first of these ways that the engine takes.

    `disks` are folders of this host in which the engine keeps what containers write; the container is ended that fills
    one.

    Raises EngineError where none could be started, with what the engine said of each way.
    """
    confinement = confinement or Confinement(limits=spec.limits)

    def make_settings(access: GpuAccess) -> Mapping[str, object]:
        return build_settings(image, spec, confinement, access)

    try:
        with open_container(engine, make_settings, gpus, progress) as (container, streams, access):
            watch = watch_disks(engine, container, confinement, disks)
            seen = _follow(engine, container, streams, spec, progress=progress, watch=watch)
            return replace(seen, gpu_access=access.name)
    except EngineError as error:
        if not is_closed_program(str(error)):
            raise
        return Observation(
            (), strays=(str(error)[:MAX_REFUSAL],), exit_code=NOT_EXECUTABLE
        )  # with more rights it may start


def is_closed_program(refusal: str) -> bool:
    """Whether an engine refused a start since the container's user may not start the program itself."""
    return _CLOSED.search(refusal) is not None


def watch_disks(engine: Engine, container: str, confinement: Confinement, disks: Sequence[Path]) -> DiskWatch:
    """A watch over the disks of a container that has been started; its volumes have been filled from the image by now.

    One with a read-only root and without volumes writes to memory alone, and whatever is written to the disk meanwhile
    is not its doing.
    """
    watch = DiskWatch(disks, OF_ENGINE, confinement.limits.disk)
    with suppress(EngineError):  # podman cannot tell of a container that is just ending
        if confinement.read_only and not containers.has_volumes(engine, container):
            return watch
    return watch.begin()


@contextmanager
def open_container(
    engine: Engine,
    make_settings: Callable[[GpuAccess], Mapping[str, object]],
    gpus: Sequence[GpuAccess],
    progress: Progress,
    *,
    has_input: bool = True,
) -> Iterator[tuple[str, AttachedStreams, GpuAccess]]:
    """A started container with its streams, and how it was given GPUs; removed afterwards. Raises EngineError."""
    remove_leftovers(engine)
    refusals: list[str] = []
    for access in gpus or (NO_GPU,):
        progress.note("creating the container")
        container = ""
        try:
            try:
                with HeldSignals():  # a container that nobody knows of would stay
                    container = containers.create_container(engine, make_settings(access))
                streams = containers.attach(engine, container, has_input=has_input)
                progress.note("starting the container")
                containers.start(engine, container)
            except EngineError as error:
                refusals.append(f"{access.name}: {error}" if len(gpus) > 1 else str(error))
                continue
            with streams:
                yield container, streams, access
                return
        finally:
            if container:
                with HeldSignals():
                    containers.remove(engine, container)
    raise EngineError("; ".join(refusals))


def build_settings(
    image: str, spec: ProbeSpec, confinement: Confinement, access: GpuAccess = NO_GPU
) -> dict[str, object]:
    """What the engine is asked for; of the image's own config, environment, working directory and volumes remain."""
    return {
        **build_closed_settings(image, confinement, access),
        "Entrypoint": list_command(spec),
        "Cmd": [],
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
    }


def build_closed_settings(image: str, confinement: Confinement, access: GpuAccess) -> dict[str, object]:
    """The same without a command and without input: the image's own command is what starts."""
    environment = {**confinement.environment, **access.environment}
    return {
        "Image": image,
        "User": confinement.user,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": {LABEL: name_owner()},
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "NetworkDisabled": True,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {**build_host_settings(confinement), **access.host},
    }


def _follow(
    engine: Engine,
    container: str,
    streams: AttachedStreams,
    spec: ProbeSpec,
    *,
    progress: Progress,
    watch: DiskWatch,
) -> Observation:
    """Feed the payload, take what it tells, and end it where it does not end by itself."""
    nonce = make_nonce()
    reader, began = RecordReader(nonce), time.monotonic()
    builder = ObservationBuilder(spec.stages, hidden=spec.key, secrets=spec.secrets)
    given, end = make_input(spec, nonce), EndWatch(engine, container)
    is_fed = streams.send(given, seconds=SEND_SECONDS, is_enough=lambda: watch.is_passed() or end.is_seen())
    # a program that has ended reads nothing, and needs no killing
    is_stuck = not is_fed and not end.is_seen(at_once=True)
    strays: list[str] = []
    was_killed = False
    deadline, clock = began + spec.longest + GRACE, StageClock(spec, builder)
    while not streams.is_over and not builder.is_over:
        for stream, content in streams.receive(TICK):
            if stream == STDOUT:
                for record in reader.feed(content):
                    builder.add(record)
                    progress.note(f"probing: {builder.current}" if builder.current else "probing")
            elif len(strays) < MAX_STRAYS:
                strays += content.decode("utf-8", "replace").splitlines()
        if watch.is_passed():
            builder.end_for_disk(watch.breach)
        if watch.breach or time.monotonic() > deadline or (is_stuck and not streams.is_over):
            was_killed = True
        if was_killed or clock.cut():
            containers.kill(engine, container)
            break
    state = await_end(engine, container)
    return builder.finish(
        strays=tuple([*reader.strays, *strays][:MAX_STRAYS]),
        exit_code=None if state is None or state.is_running else state.exit_code,
        is_out_of_memory=state is not None and state.is_out_of_memory,
        seconds=round(time.monotonic() - began, 3),
        was_killed=was_killed,
        disk_breach=watch.breach,
        model=spec.model_note,
        hub=spec.hub,
    )


class EndWatch:
    """Tells that a container runs no more; the engine is asked once in a while, since most of them run."""

    def __init__(self, engine: Engine, container: str) -> None:
        """It has just been started."""
        self._engine, self._container = engine, container
        self._asked = time.monotonic()
        self._has_ended = False

    def is_seen(self, *, at_once: bool = False) -> bool:
        """Whether it has ended, as far as is known."""
        if not self._has_ended and (at_once or time.monotonic() >= self._asked + ASKING):
            self._asked = time.monotonic()
            with suppress(EngineError):
                self._has_ended = not containers.inspect_state(self._engine, self._container).is_running
        return self._has_ended


def await_end(engine: Engine, container: str) -> containers.ContainerState | None:
    """The state of a container whose work is over, given a moment to end."""
    state = None
    deadline = time.monotonic() + END_SECONDS
    while True:
        with suppress(EngineError):
            state = containers.inspect_state(engine, container)
        if (state is not None and not state.is_running) or time.monotonic() >= deadline:
            return state
        time.sleep(ENDING)


def remove_leftovers(engine: Engine) -> None:
    """Remove containers of probes whose process is gone; one that cannot be removed is left for the next time."""
    for container, labels in containers.list_containers(engine, LABEL):
        if not is_alive(labels.get(LABEL, "")):
            with suppress(EngineError):
                containers.remove(engine, container)
