"""CONF015: the image names a model that it does not hold."""

import shlex
from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.mount_points import MountPoint, MountPurpose
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class ModelOutsideImage(Rule):
    """The image names a model that it does not hold.

    What it checks: The first model that the command, its scripts or the environment name: a path that is in no layer,
        or a repository of the hub of which no cache in the image has a folder.
    Why it matters: Without a volume, a path that is not there ends the program, or is taken for a repository ("Repo
        id must be in the form …"). A repository is fetched again by every new container: minutes, gigabytes, and a
        start that fails when the hub does not answer. Where the image forbids its client to ask, the model never comes.
    Example: `CMD ["vllm", "serve", "Qwen/Qwen3-8B"]` in an image without weights.
    Remedy: Mount a volume that has it, or that keeps what is fetched; or build the model into the image.
    Fix safety: Review: whether weights belong into the image is a matter of their size and licence.
    Blind spots: Volumes are not in the image, so that this may be done already. Models that a program names in other
        ways are not seen. Nothing is said where a layer could not be read.
    References: https://huggingface.co/docs/huggingface_hub/guides/manage-cache;
        https://docs.vllm.ai/en/latest/deployment/docker.html.
    """

    code: ClassVar[str] = "CONF015"
    covers: ClassVar[tuple[int, ...]] = (78,)
    severity: ClassVar[Severity] = Severity.LOW
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.RECIPE,)
    needs: ClassVar[tuple[type[Fact], ...]] = (MountPoint, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        if has_unread_layers(facts):
            return
        for place in facts.of(MountPoint):
            if place.purpose is MountPurpose.MODEL:
                message = f"{place.what}, {place.told}, is not in the image"
                yield self.finding(message, Evidence(), fixes=(_mount(place.path, "model", "ro"),))
            elif place.purpose is MountPurpose.HUB:
                fate = "and its client may ask nobody" if place.is_offline else "every new container fetches it"
                message = f"{place.what}, {place.told}, is not in the image's caches of the hub: {fate}"
                yield self.finding(message, Evidence(), fixes=(_mount(place.path, "hub-cache", ""),))


def _mount(path: str, name: str, mode: str) -> Fix:
    """A volume for each engine."""
    end = f":{mode}" if mode else ""
    return Fix(
        f"Mount a volume at {path}",
        (
            f"docker run -v {shlex.quote(f'{name}:{path}{end}')} …   or a folder of the host in the place of {name}",
            "Or in a pod: a volume with persistentVolumeClaim, which layerscope fix IMAGE --recipe kubernetes prints",
        ),
        kind=FixKind.RUN_FLAGS,
    )
