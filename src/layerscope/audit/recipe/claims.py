"""What a claim has to hold of the image's own files, and what a pod does not get by it."""

from collections.abc import Iterator

from layerscope.audit.recipe.ground import Ground, of_files
from layerscope.audit.recipe.obstacles import find_pod_obstacle
from layerscope.facts.config.mount_points import MountPoint
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType
from layerscope.recipe.claim import Claim
from layerscope.recipe.setting import LeftOut, Source
from layerscope.rules.wording import tell_count, tell_size


def measure_claim(ground: Ground, name: str, place: MountPoint) -> Claim:
    """A claim for that place, with the bytes that the image has there; what a program adds was not measured."""
    files = _list_files(ground, place)
    size = sum(node.size for node in files if node.type is EntryType.FILE)
    return Claim(name, size, f"the {tell_size(size)} that the image has there in {tell_content(ground, place)}")


def tell_content(ground: Ground, place: MountPoint) -> str:
    """How many files the image has below a folder."""
    files = len(_list_files(ground, place))
    return tell_count(files, "file") if files else "folders"


def _list_files(ground: Ground, place: MountPoint) -> list[Node]:
    if place.is_empty:
        return []
    return [node for node in ground.result.tree.walk(place.evidence.path or "") if node.type is not EntryType.DIRECTORY]


def tell_claim(ground: Ground, place: MountPoint, source: Source) -> Iterator[LeftOut]:
    """What a pod does not get: a place that it cannot mount, or the files that a claim hides."""
    obstacle = find_pod_obstacle(place.path)
    if obstacle:
        yield LeftOut(f"a claim at {place.path}", obstacle, source, forms=("kubernetes",))
    elif not place.is_empty:
        content = tell_content(ground, place)
        reason = f"the claim hides the {content} that the image has there; what the program needs of that, copy there"
        how = "by an init container of the same image that mounts the claim elsewhere"
        yield LeftOut(f"files in {place.path}", f"{reason} {how}", of_files(place.evidence), forms=("kubernetes",))
