"""Images with one planted fault each: a thin layer on one base with a real PyTorch, which is sent to an engine once."""

import fcntl
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final

from docker.errors import ImageNotFound

from support.live_engines import LiveEngine
from support.live_images import load
from support.python_image import SITE, build_python_image, list_libraries, list_python
from support.tar_writer import TarMember, directory, file, symlink, write_tar

TORCH: Final = "layerscope/planted:torch"
PLAIN: Final = "layerscope/planted:plain"
"""The same Python without any package."""

ENVIRONMENT: Final = ("PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED=1")
LEFT_OUT: Final = ("jax", "onnxruntime", "scipy", "ml_dtypes", "opt_einsum", "flatbuffers", "protobuf", "google", "pip")
"""Beginnings of packages that other tests need, and no image of these."""


def import_torch(engine: LiveEngine, python: str) -> None:
    """Give the engine an image of one layer, with the packages of that Python, on no other way than through a pipe."""
    if _has(engine, TORCH):
        return
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    reader, writer = os.pipe()
    thread = Thread(target=_write_tree, args=(site, writer), daemon=True)
    thread.start()
    changes = [f"ENV {row.replace('=', ' ', 1)}" for row in ENVIRONMENT]
    name, tag = TORCH.split(":")
    with os.fdopen(reader, "rb") as stream:
        engine.client.api.import_image_from_stream(
            stream, repository=name, tag=tag, changes=[*changes, 'CMD ["python3"]', "WORKDIR /"]
        )
    thread.join()


def import_plain(engine: LiveEngine) -> None:
    """Give the engine a Python without packages."""
    if not _has(engine, PLAIN):
        load(engine, build_python_image(PLAIN, env=ENVIRONMENT))


def build_planted(engine: LiveEngine, base: str, name: str, *files: TarMember, changes: Sequence[str] = ()) -> str:
    """An image of the base, with these files and instructions; returns what it is called."""
    api, tag = engine.client.api, f"layerscope/planted:{name}"
    container = api.create_container(base)["Id"]
    try:
        if files:
            api.put_archive(container, "/", write_tar(files))
        repository, version = tag.split(":")
        api.commit(container, repository=repository, tag=version, changes=list(changes))
    finally:
        api.remove_container(container)
    return tag


def start_with(*words: str) -> list[str]:
    """Instructions for a process that no shell starts."""
    return [f"ENTRYPOINT {json.dumps(words[:1])}", f"CMD {json.dumps(words[1:])}"]


def list_tree(folder: Path, place: str) -> Iterator[TarMember]:
    """The files of a folder, for that place in an image."""
    yield directory(place)
    for path in sorted(folder.rglob("*")):
        name = f"{place}/{path.relative_to(folder)}"
        if path.is_symlink():
            yield symlink(name, str(path.readlink()))
        else:
            yield directory(name) if path.is_dir() else file(name, path.read_bytes())


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """One process at a time; of two workers of a test run, the second finds what the first has made."""
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _has(engine: LiveEngine, tag: str) -> bool:
    try:
        engine.client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def _write_tree(site: Path, descriptor: int) -> None:
    """A Python, the libraries that it and the packages need, and the packages, as one tar."""
    chosen = [path for path in sorted(site.iterdir()) if not path.name.startswith(LEFT_OUT)]
    modules = [path for folder in chosen for path in sorted(folder.rglob("*.so*")) if path.is_file()]
    system = (*list_python(), *list_libraries(modules, besides=str(site)), directory(SITE))
    members = {member.name: member for member in system}.values()
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(write_tar(members, trailer=False))
            with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for path in chosen:
                    tar.add(path, f"{SITE}/{path.name}", filter=_belong_to_root)
    except BrokenPipeError:  # whoever reads has stopped, and says why
        pass


def _belong_to_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode |= 0o755 if member.isdir() else 0o644
    return member
