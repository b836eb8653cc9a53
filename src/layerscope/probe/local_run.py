"""A run in this process's own environment: a pod, a node without an engine, the inside of a container."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from layerscope.errors import ProbeError
from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.concealment import find_env_secrets
from layerscope.probe.disk_watch import DiskWatch
from layerscope.probe.limits import GRACE
from layerscope.probe.observation import Observation
from layerscope.probe.payload.process_tree import kill_tree
from layerscope.probe.payload.scratch import list_places, remove_folder
from layerscope.probe.program import list_command, make_input
from layerscope.probe.protocol import RecordReader
from layerscope.probe.spec import GENERATORS, OTHER_GENERATORS, ProbeSpec, choose_modules, make_nonce
from layerscope.probe.stage_clock import StageClock
from layerscope.progress import Progress

LOOK_SECONDS: Final = 30.0
_LOOK: Final = "import importlib.util as u, sys; print(*[n for n in sys.argv[1:] if u.find_spec(n)])"
_CHUNK: Final = 1 << 16


def find_interpreter(python: str) -> str:
    """The path of the program with that name; raises ProbeError."""
    found = shutil.which(python)
    if found is None:
        raise ProbeError(f"probing here: expected a Python called {python}, found none (--python names another)")
    return str(Path(found).absolute())


def find_modules(interpreter: str) -> tuple[str, ...]:
    """Those packages that generate and that this Python has, without importing them; raises ProbeError."""
    command = [interpreter, "-c", _LOOK, *GENERATORS, *OTHER_GENERATORS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOOK_SECONDS, check=True)  # noqa: S603 -- the user's own Python
    except (OSError, subprocess.SubprocessError) as error:
        raise ProbeError(f"probing here: asking {interpreter} for its packages: {_tell_why(error)}") from error
    return choose_modules(done.stdout.split())


def _tell_why(error: OSError | subprocess.SubprocessError) -> str:
    """Why a Python told nothing, in its own last line where it said one."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = str(error.stderr or "").strip().splitlines()
        return f"exit code {error.returncode}" + (f": {lines[-1][:300]}" if lines else "")
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {LOOK_SECONDS:.0f} seconds"
    return str(error.strerror) if isinstance(error, OSError) else str(error)


def run_here(spec: ProbeSpec, *, progress: Progress) -> Observation:
    """What the payload tells in a process of this host; raises ProbeError where it cannot be started."""
    before = _list_empty_caches()
    spec = replace(spec, secrets=find_env_secrets(os.environ.items()))
    try:
        return run_command(list_command(spec), spec, progress=progress)
    finally:
        for folder in _list_empty_caches() - before:
            with suppress(OSError):
                folder.rmdir()


def _list_empty_caches() -> set[Path]:
    """The empty folders that PyTorch makes when it is imported, as a cache of what it may compile."""
    place = Path(os.environ.get("TMPDIR") or tempfile.gettempdir())
    return {folder for folder in place.glob("torchinductor_*") if folder.is_dir() and not any(folder.iterdir())}


def run_command(
    command: Sequence[str], spec: ProbeSpec, *, progress: Progress, watch: DiskWatch | None = None
) -> Observation:
    """What the payload tells to whoever starts it by this command; raises ProbeError where that cannot be started."""
    nonce, began = make_nonce(), time.monotonic()
    given = make_input(spec, nonce)
    try:
        process = subprocess.Popen(  # noqa: S603 -- the user's own Python
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        raise ProbeError(f"probing here: starting {command[0]}: {error.strerror}") from error
    try:
        return _follow(process, given, spec, RecordReader(nonce), began=began, progress=progress, watch=watch)
    finally:
        kill_tree(process.pid)
        process.wait()
        for place in list_places(nonce):  # where the payload was ended before it could do so itself
            remove_folder(place)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None and not stream.closed:
                stream.close()


def _follow(
    process: "subprocess.Popen[bytes]",
    given: bytes,
    spec: ProbeSpec,
    reader: RecordReader,
    *,
    began: float,
    progress: Progress,
    watch: DiskWatch | None,
) -> Observation:
    import selectors
    import threading

    assert process.stdout is not None, "asked for"
    assert process.stderr is not None, "asked for"
    feeder = threading.Thread(target=_feed, args=(process, given), name="probe-input", daemon=True)
    feeder.start()
    builder = ObservationBuilder(spec.stages, hidden=spec.key, secrets=spec.secrets)
    deadline, strays, was_killed = began + spec.longest + GRACE, b"", False
    clock = StageClock(spec, builder)
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        ready.register(process.stderr, selectors.EVENT_READ)
        while ready.get_map() and not builder.is_over:
            for key, _ in ready.select(0.1):
                content = os.read(key.fd, _CHUNK)
                if not content:
                    ready.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    strays += content[: _CHUNK - len(strays)]
                else:
                    for record in reader.feed(content):
                        builder.add(record)
                        progress.note(f"probing: {builder.current}" if builder.current else "probing")
            was_killed = time.monotonic() > deadline
            if watch is not None and watch.is_passed():
                builder.end_for_disk(watch.breach)
                was_killed = True
            if was_killed or clock.cut():
                kill_tree(process.pid)
                break
    code = _await_end(process)
    return builder.finish(
        strays=(*reader.strays, *strays.decode("utf-8", "replace").splitlines()[:50]),
        exit_code=None if code is None else code if code >= 0 else 128 - code,
        seconds=round(time.monotonic() - began, 3),
        was_killed=was_killed,
        disk_breach=watch.breach if watch is not None else "",
        model=spec.model_note,
        hub=spec.hub,
    )


def _feed(process: "subprocess.Popen[bytes]", given: bytes) -> None:
    assert process.stdin is not None, "asked for"
    try:
        process.stdin.write(given)
        process.stdin.close()
    except OSError:  # it has gone: what it said by then is what there is
        pass


def _await_end(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return None
