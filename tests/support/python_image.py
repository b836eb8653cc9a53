"""An image with a real Python: this host's interpreter, its standard library, and the libraries that these need."""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from support.built_image import BuiltImage, build_image
from support.tar_writer import TarMember, directory, file, symlink

SERIES: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
IS_DEBIAN: Final = "deb_system" in sysconfig.get_scheme_names()
"""Debian's own Python lies elsewhere, and looks for packages in a folder of another name."""

PREFIX: Final = "usr" if IS_DEBIAN else "usr/local"
PACKAGES: Final = "dist-packages" if IS_DEBIAN else "site-packages"
SECOND: Final = 10**9
SITE: Final = f"usr/local/lib/python{SERIES}/{PACKAGES}"

_LEFT_OUT: Final = frozenset(
    {
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "idlelib",
        "tkinter",
        "ensurepip",
        "lib2to3",
        "turtledemo",
        sysconfig.get_config_var("LIBPL").rpartition("/")[2],
    }
)
"""Packages, tests, programs with windows, and what a program that embeds Python is linked with: 40 MB."""

_NEEDLESS: Final = re.compile(r"^_tkinter\.|^_test|\.opt-[12]\.pyc$")
"""What draws windows or tests Python itself, and byte-code of no ordinary start."""

_LIBRARY: Final = re.compile(r"(?:=> )?(/\S+) \(0x")


def build_python_image(
    tag: str,
    *files: TarMember,
    env: Iterable[str] = ("PATH=/usr/local/bin:/usr/bin:/bin",),
    runtime: Mapping[str, object] | None = None,
) -> BuiltImage:
    """The image, with these files on a layer of their own; it is started as `python3` unless `runtime` says else."""
    config = {"Env": list(env), "Cmd": ["python3"], "WorkingDir": "/", **(runtime or {})}
    return build_image([list(list_python()), [directory(SITE), *files]], tag=tag, runtime=config)


def make_package(name: str, text: str, version: str = "1.0") -> tuple[TarMember, ...]:
    """A distribution with one module."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    folder = f"{SITE}/{name}-{version}.dist-info"
    return (
        file(f"{SITE}/{name}.py", text.encode()),
        directory(folder),
        file(f"{folder}/METADATA", metadata.encode()),
        file(f"{folder}/INSTALLER", b"pip\n"),
    )


@cache
def list_python() -> tuple[TarMember, ...]:
    """The interpreter, its standard library, and the libraries that these need."""
    program = Path(sys.executable).resolve()
    standard = Path(sysconfig.get_path("stdlib"))
    modules = [path for path in sorted((standard / "lib-dynload").glob("*.so")) if not _NEEDLESS.search(path.name)]
    folders = dict.fromkeys(
        ("etc", "root", "usr", f"{PREFIX}/bin", f"{PREFIX}/lib", "usr/local", "usr/local/bin", "usr/local/lib")
    )
    members = [
        *map(directory, folders),
        directory("tmp", mode=0o1777),
        file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
    ]
    members.append(file(f"{PREFIX}/bin/python{SERIES}", program.read_bytes(), mode=0o755))
    members.append(
        symlink("usr/local/bin/python3", f"/{PREFIX}/bin/python{SERIES}" if IS_DEBIAN else f"python{SERIES}")
    )
    members += _list_tree(standard, f"{PREFIX}/lib/python{SERIES}")
    members += list_libraries([program, *modules])
    return tuple({member.name: member for member in members}.values())


def _list_tree(folder: Path, place: str) -> Iterator[TarMember]:
    """Byte-code stays, with the times that it was made for: else every start in an image would compile it anew."""
    yield directory(place)
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT or _NEEDLESS.search(path.name):
            continue
        if path.is_dir():
            yield from _list_tree(path, f"{place}/{path.name}")
        elif path.is_file():
            told = path.stat()
            mode, time = told.st_mode & 0o755 | 0o444, told.st_mtime_ns // SECOND * SECOND
            yield file(f"{place}/{path.name}", path.read_bytes(), mode=mode, mtime_ns=time)


def list_libraries(programs: list[Path], *, besides: str = "") -> Iterator[TarMember]:
    """What the loader finds for them, each where it found it; what lies below the folder `besides` is left out."""
    done = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False)
    found = sorted({match[1] for match in _LIBRARY.finditer(done.stdout)})
    found = [path for path in found if not besides or not path.startswith(besides)]
    folders = sorted({str(parent) for path in found for parent in Path(path).parents if str(parent) != "/"})
    for folder in folders:
        yield directory(folder.lstrip("/"))
    for path in found:
        yield file(path.lstrip("/"), Path(path).read_bytes(), mode=0o755)
