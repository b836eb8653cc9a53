"""CONF014: the container's user cannot write to a place that is filled when it runs."""

import shlex
from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.identity import Identity
from layerscope.facts.config.mount_points import MountPoint, MountPurpose
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class UnwritableVolume(Rule):
    """The container's user cannot write to a place that is filled when it runs.

    What it checks: Declared volumes, and the hub's cache where the image names a model of the hub that it does not
        hold: whether the config's user may make files there, by owner, group, permissions and the folders above.
    Why it matters: An engine fills a new volume with the image's folder, owner and mode included, and makes a folder
        that is not there as root. The program then fails at its first write: "Permission denied: '/data'".
    Example: `VOLUME /data` and `USER 1000`, where `/data` belongs to root.
    Remedy: Make the folder in the image with the right owner, above VOLUME; of a volume that exists, change the owner.
    Fix safety: Review: the volume may be meant to be read only.
    Blind spots: Volumes that exist already have their own owners. Access control lists are not read. Whether the
        program writes there is not known. Nothing is said where a layer could not be read.
    References: Dockerfile reference, "VOLUME"; kubernetes.io, "Configure a Security Context" (fsGroup).
    """

    code: ClassVar[str] = "CONF014"
    covers: ClassVar[tuple[int, ...]] = (45,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (MountPoint, Identity, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each place."""
        identity = facts.find(Identity)
        if identity is None or identity.uid is None or has_unread_layers(facts):
            return
        for place in facts.of(MountPoint):
            if place.purpose is not MountPurpose.MODEL and not place.is_offline and place.is_writable is False:
                message = f"{_tell_purpose(place)} cannot be written to by user {identity.uid}: {_tell_state(place)}"
                fix = _move(place) if place.file_above else _give(place.path, identity.uid, identity.gid)
                yield self.finding(message, place.evidence if place.exists else Evidence(), fixes=(fix,))


def _tell_purpose(place: MountPoint) -> str:
    if place.purpose is MountPurpose.HUB:
        return f"{place.path}, into which {place.what} is fetched,"
    return f"The volume {place.path}"


def _tell_state(place: MountPoint) -> str:
    if place.file_above:
        return f"it lies below {place.file_above}, which is no folder"
    if not place.exists and place.purpose is MountPurpose.HUB:
        return "it is not in the image, and the folders above it belong to others"
    if not place.exists:
        return "it is not in the image, so that root owns what an engine makes there"
    if not place.is_folder:
        return "it is no folder"
    return f"it belongs to user {place.uid} with mode {place.mode:04o}"


def _move(place: MountPoint) -> Fix:
    """Another folder: an engine refuses to start a container with this one."""
    return Fix(
        f"Take another folder than {place.path}",
        (f"Where VOLUME or the environment names it: a folder that is not below {place.file_above}",),
    )


def _give(path: str, uid: int, gid: int | None) -> Fix:
    """The folder in the image, and what changes a volume that is there."""
    group, place = uid if gid is None else gid, shlex.quote(path)
    return Fix(
        f"Let the user own {path}",
        (
            f"RUN install -d -o {uid} -g {group} {place}   above VOLUME and USER",
            f"Or once: docker run --user 0 --entrypoint chown -v NAME:{place} IMAGE {uid}:{group} {place}",
            f"Or in a pod: securityContext: {{fsGroup: {group}}}",
        ),
        kind=FixKind.DOCKERFILE_EDIT,
    )
