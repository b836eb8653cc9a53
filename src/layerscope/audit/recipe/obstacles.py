"""Places at which no volume is mounted: in no form, or in a pod alone; the recipe says so of each."""

from typing import Final

from layerscope.facts.config.mount_points import MountPoint
from layerscope.recipe.memory_volume import SHM

NO_FOLDER: Final = "it is there and no folder, so that nothing can be mounted there"


def find_obstacle(place: MountPoint) -> str:
    """Why nothing is mounted at a place in any form; empty where something is."""
    if place.exists and not place.is_folder:
        return NO_FOLDER
    return tell_file_above(place.file_above) if place.file_above else find_path_obstacle(place.path)


def tell_file_above(path: str) -> str:
    """Why nothing is mounted below something that is no folder."""
    return f"it lies below {path}, which is no folder, so that nothing can be mounted there"


def find_path_obstacle(path: str) -> str:
    """The same of a path alone, whatever the image has there."""
    if path == SHM:
        return "it is the place of shared memory, which has a setting of its own"
    return "nothing can be mounted at the root" if path == "/" else ""


def find_pod_obstacle(path: str) -> str:
    """Why a pod cannot mount at a path where engines can; empty where it can."""
    return "Kubernetes takes no mount path with a colon" if ":" in path else ""
