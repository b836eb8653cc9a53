"""Places at which no volume is mounted: in no form, or in a pod alone; the recipe says so of each."""

from typing import Final

from layerscope.facts.config.mount_points import MountPoint
from layerscope.recipe.memory_volume import SHM

KERNEL_FOLDERS: Final = ("/proc", "/sys", "/dev")
"""What a runtime mounts itself.

https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#default-filesystems
"""

ENGINE_FILES: Final = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})
"""Files of its own that every engine, and the kubelet, mounts over the image's."""

NO_FOLDER: Final = "it is there and no folder, so that nothing can be mounted there"


def find_obstacle(place: MountPoint) -> str:
    """Why nothing is mounted at a place in any form; empty where something is."""
    obstacle = find_path_obstacle(place.path)
    if obstacle:
        return obstacle
    if place.exists and not place.is_folder:
        return NO_FOLDER
    return tell_file_above(place.file_above) if place.file_above else ""


def tell_file_above(path: str) -> str:
    """Why nothing is mounted below something that is no folder."""
    return f"it lies below {path}, which is no folder, so that nothing can be mounted there"


def find_path_obstacle(path: str) -> str:
    """The same of a path alone, whatever the image has there."""
    if path == SHM:
        return "it is the place of shared memory, which has a setting of its own"
    if path == "/":
        return "nothing can be mounted at the root"
    folder = next((each for each in KERNEL_FOLDERS if f"{path}/".startswith(f"{each}/")), "")
    if folder and not path.startswith(f"{SHM}/"):
        told = "it is" if folder == path else f"it lies in {folder}, which is"
        return f"{told} made of the host's kernel and devices when a container starts: a volume would hide those"
    return "an engine puts a file of its own there when a container starts" if path in ENGINE_FILES else ""


def find_pod_obstacle(path: str) -> str:
    """Why a pod cannot mount at a path where engines can; empty where it can."""
    return "Kubernetes takes no mount path with a colon" if ":" in path else ""
