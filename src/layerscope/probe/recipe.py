"""A hardened run that the probe itself has proved, as flags of an engine and as part of a Kubernetes pod."""

import shlex
from typing import Any

from msgspec import Struct

from layerscope.probe.confinement import (
    build_pod_volumes,
    build_security_context,
    list_docker_flags,
)
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import Verdict

OWN_VARIABLES = frozenset({"PYTHONDONTWRITEBYTECODE"})
"""Set for the payload's sake alone."""


class Recipe(Struct, frozen=True):
    """How to run the image as it was seen to work."""

    docker: tuple[str, ...]
    """Flags of `docker run` and `podman run`, each with its value."""
    kubernetes: dict[str, Any]
    """What goes into a pod's `spec`."""


def build_recipe(trials: Trials | None, verdict: Verdict) -> Recipe | None:
    """The settings of the run that was good, from the very value that the run was made of; None where none was."""
    confinement = trials.confinement if trials is not None else None
    if trials is None or confinement is None or not verdict.is_good:
        return None
    flags = [flag for flag in list_docker_flags(confinement) if not OWN_VARIABLES & {_name_variable(flag)}]
    volumes, mounts = build_pod_volumes(confinement)
    limits: dict[str, Any] = {"memory": str(confinement.limits.memory)}
    if trials.gpu_flags:
        limits["nvidia.com/gpu"] = 1
    variables = {name: value for name, value in confinement.environment.items() if name not in OWN_VARIABLES}
    container: dict[str, Any] = {
        "securityContext": build_security_context(confinement),
        "resources": {"limits": limits},
        "volumeMounts": mounts,
    }
    if variables:
        container["env"] = [{"name": name, "value": value} for name, value in variables.items()]
    pod = {"automountServiceAccountToken": False, "containers": [container], "volumes": volumes}
    return Recipe((*(shlex.join(flag) for flag in flags), *trials.gpu_flags), pod)


def _name_variable(flag: list[str]) -> str:
    """The variable that a flag sets; empty for any other flag."""
    return flag[1].partition("=")[0] if flag[0] == "--env" else ""
