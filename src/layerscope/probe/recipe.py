"""A hardened run that the probe itself has proved, as settings of every engine."""

import shlex
from typing import Any, Final

from msgspec.structs import replace

from layerscope.probe.confinement import list_settings
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import Verdict
from layerscope.recipe.docker import list_flags
from layerscope.recipe.kubernetes import build_container, build_pod
from layerscope.recipe.setting import Recipe, Setting

OWN_VARIABLES: Final = frozenset({"PYTHONDONTWRITEBYTECODE"})
"""Set for the payload's sake alone."""


def build_recipe(trials: Trials | None, verdict: Verdict) -> Recipe | None:
    """The settings of the run that was good, from the very value that the run was made of; None where none was."""
    confinement = trials.confinement if trials is not None else None
    if trials is None or confinement is None or not verdict.is_good:
        return None
    told = map(_leave_out_own, list_settings(confinement))
    settings = [each for each in told if each.docker or each.compose or each.container]
    if trials.gpu_flags:
        flags = tuple(tuple(shlex.split(flag)) for flag in trials.gpu_flags)
        limits = {"resources": {"limits": {"nvidia.com/gpu": 1}}}
        settings.append(Setting("GPU", docker=flags, container=limits))
    return Recipe(tuple(settings))


def list_proved_flags(recipe: Recipe) -> list[str]:
    """The flags of `docker run`, each with its value, as they are typed."""
    return [shlex.join(flag) for flag in list_flags(recipe.settings)]


def build_proved_pod(recipe: Recipe) -> dict[str, Any]:
    """What goes into the `spec` of a pod."""
    return {
        "automountServiceAccountToken": False,
        "containers": [build_container(recipe.settings)],
        **build_pod(recipe.settings),
    }


def _leave_out_own(setting: Setting) -> Setting:
    """The setting without the payload's variables."""
    flags = tuple(flag for flag in setting.docker if flag[0] != "--env" or _name(flag[1]) not in OWN_VARIABLES)
    rest = [row for row in setting.container.get("env", []) if row["name"] not in OWN_VARIABLES]
    if len(flags) == len(setting.docker):
        return setting
    environment = {name: value for name, value in setting.compose["environment"].items() if name not in OWN_VARIABLES}
    if not rest:
        return Setting(setting.subject)
    return replace(setting, docker=flags, compose={"environment": environment}, container={"env": rest})


def _name(variable: str) -> str:
    return variable.partition("=")[0]
