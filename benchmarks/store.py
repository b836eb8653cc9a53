"""Where the benchmark's images lie on disk, and whether there is room for one more."""

import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

GIGABYTE = 10**9
RAM_DISK = Path("/dev/shm")  # noqa: S108 -- the kernel's RAM disk is wanted, and folders in it are made by mkdtemp


class RoomError(Exception):
    """A disk has too little free space for what was to be put there."""


class Form(StrEnum):
    """How an image is stored in a file or folder."""

    DOCKER_ARCHIVE = "docker-archive"
    OCI_GZIP = "oci-gzip"
    OCI_ZSTD = "oci-zstd"


@dataclass(frozen=True)
class StoredImage:
    """One benchmark image in one form."""

    name: str
    form: Form
    path: Path

    @property
    def reference(self) -> str:
        """The image in layerscope's grammar."""
        scheme = "docker-archive" if self.form is Form.DOCKER_ARCHIVE else "oci-dir"
        return f"{scheme}:{self.path}"

    @property
    def size(self) -> int:
        """Its bytes on disk."""
        if self.path.is_file():
            return self.path.stat().st_size
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())

    def exists(self) -> bool:
        """Whether it has been built; a form appears under its name only when it is complete."""
        return self.path.exists()

    def moved(self, folder: Path) -> "StoredImage":
        """The same image under another folder, not copied yet."""
        return StoredImage(self.name, self.form, folder / self.path.name)


def image_store() -> Path:
    """The folder that keeps built images: LAYERSCOPE_BENCH_DIR, or one in the user's cache."""
    chosen = os.environ.get("LAYERSCOPE_BENCH_DIR")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "layerscope-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def stored(name: str, form: Form) -> StoredImage:
    """The place of an image in one form, built or not."""
    suffix = "docker.tar" if form is Form.DOCKER_ARCHIVE else form.value
    return StoredImage(name, form, image_store() / f"{name}.{suffix}")


def require_room(folder: Path, size: int, *, what: str) -> None:
    """Raise RoomError unless a folder's disk has this many bytes free."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise RoomError(f"{what} needs {size / GIGABYTE:.1f} GB in {folder}, {free / GIGABYTE:.1f} GB are free")


def copy_image(image: StoredImage, folder: Path) -> StoredImage:
    """A copy of an image in another folder."""
    target = image.moved(folder)
    if image.path.is_dir():
        shutil.copytree(image.path, target.path)
    else:
        shutil.copyfile(image.path, target.path)
    return target


def fits_in_memory(size: int, *, spare: int) -> bool:
    """Whether the RAM disk takes this many bytes and leaves so many to the programs."""
    if not RAM_DISK.is_dir() or shutil.disk_usage(RAM_DISK).free < size:
        return False
    return _available_memory() >= size + spare


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return 0
