"""A probe of an image without Python that serves models: its shell looks around, and its own command is started."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from layerscope.engine import containers
from layerscope.engine.client import Engine
from layerscope.probe.collect import SERVING, ObservationBuilder
from layerscope.probe.confinement import Confinement
from layerscope.probe.container_run import (
    await_end,
    build_closed_settings,
    open_container,
    run_in_container,
    watch_disks,
)
from layerscope.probe.container_server import ContainerServer, ContainerServing
from layerscope.probe.gpu_access import ACCESSES, NO_GPU, GpuAccess
from layerscope.probe.limits import GRACE
from layerscope.probe.observation import Observation
from layerscope.probe.payload.records import Recorder, encode_record
from layerscope.probe.payload.serving import list_stages_of
from layerscope.probe.payload.stages import run_stages
from layerscope.probe.protocol import TAG, Bye, Log, RecordReader
from layerscope.probe.spec import ProbeSpec, make_nonce
from layerscope.probe.stage_clock import StageClock
from layerscope.progress import Progress

TICK: Final = 0.1
MARGIN: Final = 0.5
"""Seconds beyond a stage's hard deadline: no stage of a server has another clock than this host's."""


def run_image(
    engine: Engine,
    image: str,
    spec: ProbeSpec,
    *,
    gpus: Sequence[GpuAccess],
    progress: Progress,
    confinement: Confinement,
    disks: Sequence[Path] = (),
) -> Observation:
    """What an image tells in containers of that engine, in one, or in a second for a server; raises EngineError."""
    if not spec.asks_from_outside:
        return run_in_container(engine, image, spec, gpus=gpus, progress=progress, confinement=confinement, disks=disks)
    roles = tuple(role for role in spec.roles if role != SERVING)
    looked = None
    if roles:
        alone = replace(spec, roles=roles, serving=None)
        looked = run_in_container(
            engine, image, alone, gpus=gpus, progress=progress, confinement=confinement, disks=disks
        )
        gpus = (ACCESSES.get(looked.gpu_access, NO_GPU),)
    alone = replace(spec, roles=(SERVING,))
    if looked is not None and looked.disk_breach:
        return _join(looked, ObservationBuilder(alone.stages).finish())
    served = _run_server(engine, image, alone, gpus=gpus, progress=progress, confinement=confinement, disks=disks)
    return served if looked is None else _join(looked, served)


def _run_server(
    engine: Engine,
    image: str,
    spec: ProbeSpec,
    *,
    gpus: Sequence[GpuAccess],
    progress: Progress,
    confinement: Confinement,
    disks: Sequence[Path] = (),
) -> Observation:
    assert spec.serving is not None, "asked from outside"
    nonce, began = make_nonce(), time.monotonic()
    settings = spec.build_settings(nonce)
    builder = ObservationBuilder(spec.stages, hidden=spec.key, secrets=spec.secrets)

    def make_settings(access: GpuAccess) -> Mapping[str, object]:
        return build_closed_settings(image, confinement, access)

    with open_container(engine, make_settings, gpus, progress, has_input=False) as (container, streams, access):
        server = ContainerServer(engine, container, streams, shell=spec.posix_shell, relay=spec.relay, hidden=spec.key)
        stages = list_stages_of(ContainerServing(settings, server), is_seen=True)
        recorder = DirectRecorder(builder, nonce)
        thread = threading.Thread(target=run_stages, args=(stages, recorder), name="probe-stages", daemon=True)
        watch = watch_disks(engine, container, confinement, disks)
        thread.start()  # so that whoever waits for it can be interrupted
        deadline, clock, is_cut = began + spec.longest + GRACE, StageClock(spec, builder, margin=MARGIN), False
        while thread.is_alive() and time.monotonic() < deadline and not (is_cut or watch.is_passed()):
            thread.join(TICK)
            is_cut = clock.cut()
            progress.note(f"probing: {builder.current}" if builder.current else "probing")
        recorder.close()  # what its stages say of being ended is no news
        was_killed = thread.is_alive() and not is_cut
        if watch.breach:
            builder.end_for_disk(watch.breach)
        containers.kill(engine, container)
        state = await_end(engine, container)
    at = time.monotonic()
    for name in ("stdout", "stderr"):
        text = "".join(f"{line}\n" for _, stream, line in server.lines if stream == name)
        builder.add(Log(at, SERVING, name, text))
    if not was_killed:
        builder.add(Bye(at))
    return builder.finish(
        is_out_of_memory=state is not None and state.is_out_of_memory,
        seconds=round(at - began, 3),
        was_killed=was_killed,
        disk_breach=watch.breach,
        gpu_access=access.name,
    )


class DirectRecorder(Recorder):
    """Records that need no pipe, and are checked as those that come through one."""

    def __init__(self, builder: ObservationBuilder, nonce: str) -> None:
        """Give them to that builder, for as long as it is open."""
        Recorder.__init__(self, -1)
        self._builder, self._mark = builder, f"{TAG}{nonce} ".encode()
        self._reader = RecordReader(nonce)
        self._is_open = True

    def write(self, record: str, **values: Any) -> None:
        """Take a record of that kind."""
        for each in self._reader.feed(self._mark + encode_record(record, values)):
            if self._is_open:
                self._builder.add(each)

    def close(self) -> None:
        """Take no more."""
        self._is_open = False


def _join(looked: Observation, served: Observation) -> Observation:
    """Both runs as one."""
    return replace(
        looked,
        stages=(*looked.stages, *served.stages),
        ends=(*looked.ends, *served.ends),
        logs={**looked.logs, **served.logs},
        is_complete=looked.is_complete and served.is_complete,
        is_out_of_memory=looked.is_out_of_memory or served.is_out_of_memory,
        was_killed=looked.was_killed or served.was_killed,
        disk_breach=looked.disk_breach or served.disk_breach,
        seconds=round(looked.seconds + served.seconds, 3),
    )
