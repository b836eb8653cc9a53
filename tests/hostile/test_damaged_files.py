"""An image whose every file that anyone reads is garbage, cut or endless is still audited, and its gaps are named."""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli.main import run
from layerscope.facts.extractors import EXTRACTORS
from support.archives import pack, saved
from support.elf_writer import ElfPlan, write_elf
from support.jars import application, library
from support.loader_files import write_ld_cache
from support.rpm_databases import package, write_bdb, write_ndb, write_sqlite

TIME_LIMIT: Final = 30.0
"""Seconds for an audit of some 300 small files, which takes one or two where nothing is wrong."""

SITE: Final = "usr/lib/python3.12/site-packages"
INFO: Final = f"{SITE}/thing-1.0.dist-info"

FOLDERS: Final = (
    "etc", "srv", INFO, f"{SITE}/torch", "usr/include/python3.12", "usr/include/node", "srv/conda-meta",
    "var/lib/dpkg/info", "var/lib/dpkg/status.d", "srv/node_modules/thing", "usr/bin", "usr/local/cuda",
)  # fmt: skip
"""Where files that are wanted by name or suffix are put: each of these folders matters to some reader."""

BROKEN: Final = {
    f"{SITE}/thing/_core.cpython-312-x86_64-linux-gnu.so", "srv/thing.jar", "var/lib/rpm/Packages",
    "var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db", "srv/conda-meta/thing.json",
}  # fmt: skip
"""Files of which garbage has to be told."""


def make_sound_files(folder: Path) -> dict[str, bytes]:
    """Files as programs write them, each read by someone."""
    blobs = [package("bash", files=["/usr/bin/bash"])]
    names = ("libc.so.6", "libx.so.1")
    elf = write_elf(ElfPlan(needed=names, soname="libx.so.1", runpath="$ORIGIN", provided_versions=("X_1",)))
    nested = {"BOOT-INF/lib/a.jar": library("g", "a", "1.0")}
    return {
        f"{SITE}/thing/_core.cpython-312-x86_64-linux-gnu.so": elf,
        "usr/lib/x86_64-linux-gnu/libcuda.so.550.54": elf,
        "usr/bin/python3.12": write_elf(ElfPlan(interpreter="/lib64/ld-linux-x86-64.so.2", needed=names)),
        "srv/thing.jar": application("a.Main", java=17, nested=nested, start="a.Start"),
        "var/lib/rpm/Packages": write_bdb(blobs),
        "var/lib/rpm/rpmdb.sqlite": write_sqlite(blobs, folder),
        "usr/lib/sysimage/rpm/Packages.db": write_ndb(blobs),
        "etc/ld.so.cache": write_ld_cache([(name, f"/lib/{name}", 0x303, "") for name in names]),
        "srv/conda-meta/thing.json": b'{"name": "thing", "version": "1", "build": "0", "depends": ["python"]}',
        f"{INFO}/RECORD": b"thing/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n" * 50,
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nRequires-Dist: numpy<2\n\nText\n",
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_28_x86_64\n",
        "var/lib/dpkg/status": b"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n" * 20,
        "lib/apk/db/installed": b"P:musl\nV:1.2\nA:x86_64\nF:lib\nR:libc.so\n\n" * 20,
        "srv/package.json": b'{"name": "x", "version": "1.0.0", "dependencies": {"thing": "^1.0.0 || >2"}}',
        "srv/package-lock.json": b'{"packages": {"node_modules/thing": {"version": "1.0.0"}}}',
    }


def list_paths() -> list[str]:
    """A path for everything that an extractor wants by path, name or suffix, the latter in a folder each in turn."""
    found: set[str] = set()
    for extractor in EXTRACTORS:
        wants = extractor.wants
        found |= wants.paths
        names = [*wants.names, *(f"libx{suffix}" for suffix in wants.suffixes)]
        found |= {f"{FOLDERS[number % len(FOLDERS)]}/{name}" for number, name in enumerate(sorted(names))}
        found |= {f"{INFO}/{name}" for name in names}
    return sorted(found)


def damage(content: bytes, source: random.Random) -> bytes:
    """The content with some bytes changed."""
    changed = bytearray(content)
    for _ in range(max(len(changed) // 40, 3)):
        changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed)


def garbage(content: bytes, source: random.Random) -> bytes:
    """Random bytes behind the first four of the content, which tell what it is."""
    return content[:4] + source.randbytes(2000)


DAMAGES: Final[dict[str, Callable[[bytes, random.Random], bytes]]] = {
    "sound": lambda content, _: content,
    "garbage": garbage,
    "cut": lambda content, _: content[: len(content) * 2 // 3],
    "begun": lambda content, _: content[:70],
    "changed": damage,
    "ones": lambda content, _: content[:16] + b"\xff" * 1000,
    "zeros": lambda content, _: content[:64] + bytes(5000),
    "nested": lambda content, _: content[:1] + b'{"a":[' * 5000,
    "one line": lambda content, _: content[:20] + b" " * 20_000 + b"\"'=:x",
    "lines": lambda content, _: content[:20] + b"\n" * 20_000,
    "strange text": lambda _content, _: (
        "\u00b2.\u0661; ==\ud800\x1b[31m\u2028,\0\n".encode("utf-8", "surrogatepass") * 300
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_files_are_gaps_and_end_nothing(
    kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The exit code is that of an audit, nothing of ours fails, and what is kept for the next audit says the same."""
    archive = tmp_path / "image.tar"
    archive.write_bytes(pack(saved({"one/layer.tar": pack(dict(make_files(kind, tmp_path)))})))
    answers = []
    for _ in range(2):
        began = time.monotonic()
        code = run(["audit", str(archive), "--cache-dir", str(tmp_path / "cache"), "--jobs", "1", "-o", "json"])
        out, err = capfdbinary.readouterr()
        assert time.monotonic() - began < TIME_LIMIT
        assert (code in {0, 1}, b"Traceback" in err, b"failed:" in out) == (True, False, False), (out + err)[-2000:]
        answers.append(json.loads(out))
    assert answers[0]["gaps"] == answers[1]["gaps"]
    assert answers[0]["findings"] == answers[1]["findings"]
    named = {gap["where"].removeprefix("/") for gap in answers[0]["gaps"]}
    assert BROKEN - named == (set() if kind == "garbage" else BROKEN) or kind not in {"garbage", "sound"}


def make_files(kind: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Sound files damaged, and the same damage at every other path that anyone wants."""
    source, sound = random.Random(kind), make_sound_files(folder)
    for path, content in sound.items():
        yield path, DAMAGES[kind](content, source)
    if kind != "sound":
        contents = list(sound.values())
        for path in list_paths():
            if path not in sound:
                yield path, DAMAGES[kind](source.choice(contents), source)
