"""A fix that is stopped at any moment leaves its source as it is, and no half image under the final name."""

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cli.main import run
from layerscope.fixes.destinations.destination import PREFIX
from support.images import Packing, build_image, write_image
from support.tar_writer import file, whiteout

MEGABYTE = 1 << 20
MAKE = ("--apply", "--layers", "--to")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image whose layer takes long enough to be written anew."""
    path = tmp_path_factory.mktemp("source") / "layout"
    layers = [[file("kept", os.urandom(16 * MEGABYTE)), file("gone", bytes(MEGABYTE))], [whiteout("gone")]]
    write_image(build_image(layers), path, "oci-dir", packing=Packing.NONE)
    return path


@pytest.fixture
def place(tmp_path: Path, source: Path) -> Iterator[Path]:
    """The folder in which the new image is to lie; the source is the same afterwards."""
    before = hash_files(source)
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    assert hash_files(source) == before


@pytest.fixture
def process(command: Path, source: Path, place: Path) -> Iterator["subprocess.Popen[str]"]:
    """A fix of the image that runs."""
    arguments = [str(command), "fix", str(source), *MAKE, f"oci-dir:{place}/fixed", "-q"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def hash_files(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def wait_for_work(process: "subprocess.Popen[str]", place: Path) -> None:
    """Until the new image's first bytes are on the disk."""
    ends = time.monotonic() + 60
    while not any(path.stat().st_size for path in place.glob(f"{PREFIX}*/layout/blobs/sha256/.writing-*")):
        assert process.poll() is None, "it was done before it could be stopped"
        assert time.monotonic() < ends
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_fix_leaves_no_image(
    number: signal.Signals, process: "subprocess.Popen[str]", source: Path, place: Path
) -> None:
    """Nothing lies under the final name; only who was killed leaves a workplace; the next run works."""
    wait_for_work(process, place)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "Traceback" not in err
    left = list(place.iterdir())
    assert [path.name for path in left if not path.name.startswith(PREFIX)] == []
    assert left == [] or number is signal.SIGKILL
    assert run(["fix", str(source), *MAKE, f"oci-dir:{place}/fixed", "-q"]) == 0
    assert (place / "fixed/index.json").is_file()
