"""What a container shows that is neither its image's nor its own: mounts, and what engines put there."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

ENGINE_PATHS: Final = (
    ".dockerenv", "dev", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc", "run/.containerenv",
    "run/secrets", "sys",
)  # fmt: skip
"""What engines make in every container, or mount over; files of an image at these paths are seen by no container."""


class ContainerFiles(Struct, frozen=True):
    """A container by its name, and the paths, without leading slash, on which something else lies than its own files.

    `added` are paths at which the engine makes a file where the image has none. `own_layers` is 1 where the container
    wrote anything, which is then the uppermost layer, else 0.
    """

    name: str
    mounts: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    own_layers: int = 0

    def is_own(self, path: str) -> bool:
        """Whether a path without leading slash belongs to the container and its image alone."""
        hidden = {*ENGINE_PATHS, *self.mounts}
        return not any(above in hidden for above in iter_up(path))

    def is_way(self, path: str) -> bool:
        """Whether something is mounted below a path, which engines make folders for."""
        return any(mount.startswith(f"{path}/") for mount in (*ENGINE_PATHS, *self.mounts))


def iter_up(path: str) -> Iterator[str]:
    """A path and all above it, the root apart."""
    while path:
        yield path
        path = path.rpartition("/")[0]
