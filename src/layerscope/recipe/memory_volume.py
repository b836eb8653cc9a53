"""Shared memory: /dev/shm, which engines size by a flag and Kubernetes by a volume in memory."""

from typing import Any, Final

from layerscope.recipe.setting import Setting, Source

GIB: Final = 1 << 30
SHM: Final = "/dev/shm"  # noqa: S108 -- inside the container


def make_shm_setting(size: int, reason: str = "", source: Source | None = None) -> Setting:
    """The size of /dev/shm, in GiB where it is so many."""
    whole = size // GIB if size % GIB == 0 else 0
    return Setting(
        "shared memory",
        reason,
        source,
        docker=(("--shm-size", f"{whole}g" if whole else str(size)),),
        compose={"shm_size": f"{whole}gb" if whole else size},
        pod={"volumes": [build_memory_volume("shm", size)]},
        container={"volumeMounts": [{"name": "shm", "mountPath": SHM}]},
    )


def build_memory_volume(name: str, size: int) -> dict[str, Any]:
    """A volume of a pod that is kept in memory."""
    return {
        "name": name,
        "emptyDir": {"medium": "Memory", "sizeLimit": f"{size // GIB}Gi" if size and size % GIB == 0 else str(size)},
    }
