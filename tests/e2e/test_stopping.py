"""Stopped at any moment, layerscope leaves nothing behind and the next run works."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from layerscope.layers.cache_store import TEMPORARY_PREFIX
from support.images import Packing, build_image, write_image
from support.tar_writer import file

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Layers that take long enough to be interrupted."""
    noise = os.urandom(MEGABYTE)
    layers = [[file(f"layer-{n}/{k}", noise[k:] + noise[:k]) for k in range(40)] for n in range(3)]
    path = tmp_path_factory.mktemp("image") / "layout"
    write_image(build_image(layers), path, "oci-dir", packing=Packing.NONE)
    return path


@pytest.fixture
def start(command: Path, tmp_path: Path, image: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts an audit of the image with a cache and a folder for temporary files of its own."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = os.environ | {"LAYERSCOPE_CACHE_DIR": str(tmp_path / "cache"), "TMPDIR": str(temporary)}
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [command, "audit", image, "-q"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def list_session(leader: int) -> list[str]:
    """The commands of the session's processes that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[3] == str(leader) and fields[0] != "Z":
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.parametrize("to_group", [False, True])
@pytest.mark.parametrize("delay", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_audit_leaves_nothing_behind(
    number: signal.Signals, delay: float, to_group: bool, start: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Whenever a signal comes, to one process or all, nothing stays, no traceback shows, the next audit is whole."""
    process = start()
    time.sleep(delay)
    if to_group:
        os.killpg(process.pid, number)  # as a terminal sends Ctrl-C
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err or "__main__.py" not in err  # Python itself was still starting
    assert list((tmp_path / "tmp").iterdir()) == []
    again = start()
    out, _ = again.communicate(timeout=60)
    assert again.returncode in {0, 1}
    assert out.startswith("✔ INTACT")
    left = [path.name for path in (tmp_path / "cache").rglob(f"{TEMPORARY_PREFIX}*")]
    assert left == [] or number is signal.SIGKILL  # whose victim cannot clean up; `cache prune` does
    assert not list_session(process.pid)
