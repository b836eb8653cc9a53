"""A private registry in front of an image, and what layerscope and others make of it there."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.layerscope_runs import Audit
from benchmarks.measure import Command, MeasureError, measure
from benchmarks.peers import PEERS
from benchmarks.results import Comparison
from benchmarks.rounds import Run, take_turns
from benchmarks.store import StoredImage

PROGRAM = "docker-registry"
NAME = "bench/image:1"
OWN_LAYOUT = "layerscope, from the layout"
COPY_AND_SYFT = "skopeo copy, then syft"


def find_programs() -> str | None:
    """What is missing to measure a registry, or None."""
    missing = [program for program in (PROGRAM, "skopeo") if not shutil.which(program)]
    return f"not on this machine (Debian: {', '.join(missing)})" if missing else None


def compare_registry(image: StoredImage, scratch: Path, *, rounds: int) -> Iterator[Comparison]:
    """Audits from a registry on this machine beside those from the layout, and beside a copy that syft reads."""
    audits = Audit(image.reference)
    with serve(image, scratch / "registry") as address:
        mine = Audit(f"registry:{address}/{NAME}").run
        others: dict[str, Run] = {OWN_LAYOUT: audits.run}
        syft = next(peer for peer in PEERS if peer.name == "syft").find_program()
        if syft is not None:
            others[COPY_AND_SYFT] = lambda folder: measure(_copy_and_scan(address, syft, folder))
        for name, run in others.items():
            first, second = take_turns(mine, run, scratch, rounds=rounds)
            yield Comparison(image.name, f"registry, {image.form}", name, first, second)


@contextmanager
def serve(image: StoredImage, folder: Path) -> Iterator[str]:
    """A registry with that image, its files beside those that are measured; yields its address."""
    folder.mkdir()
    address = f"127.0.0.1:{_find_port()}"
    settings = folder / "config.yml"
    settings.write_text(
        f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nhttp: {{addr: {address}}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(settings)], stdout=log, stderr=log)
        try:
            _await(address, process)
            pushing = ["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false"]
            subprocess.run([*pushing, f"oci:{image.path}:1", f"docker://{address}/{NAME}"], check=True)
            yield address
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder)


def _copy_and_scan(address: str, syft: Path, folder: Path) -> Command:
    copying = (
        f"skopeo copy --quiet --insecure-policy --src-tls-verify=false docker://{address}/{NAME} oci:{folder}/copy:1"
    )
    scanning = f"{syft} scan --quiet oci-dir:{folder}/copy --output json"
    environment = {"TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder), "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    return Command(("sh", "-c", f"{copying} && {scanning}"), environment)


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    host, _, port = address.partition(":")
    while process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise MeasureError(f"starting {PROGRAM}: it ended with exit code {process.returncode}")
