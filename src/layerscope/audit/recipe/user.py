"""Who the process is: the image's own user, which Kubernetes wants as a number."""

from collections.abc import Iterator
from typing import Any, Final

from layerscope.audit.recipe.ground import Ground, of_config, of_finding
from layerscope.audit.recipe.obstacles import find_obstacle, find_pod_obstacle
from layerscope.facts.config.mount_points import MountPoint, MountPurpose
from layerscope.recipe.setting import LeftOut, Setting
from layerscope.rules.config.root_user import RootUser
from layerscope.rules.config.unknown_user import UnknownUser

TOLD_PATHS: Final = 3
"""Places of one reason that are told by name."""


def derive_user(ground: Ground) -> Iterator[Setting | LeftOut]:
    """The number where the image has a user of its own, and a group for what it writes to volumes."""
    identity = ground.identity
    if identity is None:
        return
    if identity.uid is None:
        reason = f"{identity.specification!r} is not in /etc/passwd, so that no engine starts the container"
        yield LeftOut("user", reason, of_finding(UnknownUser.code))
        return
    if identity.is_root:
        reason = "the image runs as root, and nothing here has proved that it works as another user (--probe tries)"
        yield LeftOut("user", reason, of_finding(RootUser.code))
        return
    group = identity.gid or 0
    context = {"runAsUser": identity.uid, "runAsGroup": group, "runAsNonRoot": True}
    name = identity.specification
    reason = f"the image's USER {name} applies by itself in docker and compose; runAsNonRoot checks a number alone"
    yield Setting("user", reason, of_config("User"), container={"securityContext": context})
    yield from derive_volume_group(ground, group)


def derive_volume_group(ground: Ground, group: int) -> Iterator[Setting]:
    """The group that owns what a pod mounts, where a user who is not root has to write there."""
    written = [path for path in list_written(ground) if not find_pod_obstacle(path)]
    if written:
        more = f" and {len(written) - TOLD_PATHS} more" if len(written) > TOLD_PATHS else ""
        reason = (
            f"claims come as root's, and the user has to write to {', '.join(written[:TOLD_PATHS])}{more}; a hostPath "
            "in their place stays as it is: have its owner changed on the node"
        )
        pod: dict[str, Any] = {"securityContext": {"fsGroup": group, "fsGroupChangePolicy": "OnRootMismatch"}}
        yield Setting("group of volumes", reason, of_config("Volumes"), pod=pod)


def list_written(ground: Ground, *, besides: int | None = None) -> list[str]:
    """The places of volumes that the program may write to, `besides` those that belong to that user in the image."""
    places = (each for each in ground.facts.of(MountPoint) if each.purpose is not MountPurpose.MODEL)
    mounted = (each for each in places if not find_obstacle(each))
    return [each.path for each in mounted if besides is None or not each.exists or each.uid != besides]
