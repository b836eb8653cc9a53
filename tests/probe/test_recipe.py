"""Recipes: what is printed is what was run, for every way of starting a container."""

import shlex

from msgspec.structs import replace

from layerscope.probe.confinement import (
    DEFAULT,
    HARDENED,
    Confinement,
    build_host_settings,
    list_settings,
)
from layerscope.probe.limits import ContainerLimits
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.recipe import build_proved_pod, build_recipe, list_proved_flags
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import judge
from layerscope.recipe.docker import list_flags

GOOD = Observation((StageResult("detokenize", PASSED, detail="text"),), is_complete=True)
VARIED = Confinement(user="7:8", read_only=False, capabilities=("CHOWN",), no_new_privileges=False, tmp_exec=True,
                     home="/tmp", limits=ContainerLimits(memory=1 << 30, pids=9, tmp=1 << 20, shm=1 << 21))  # fmt: skip  # noqa: S108


def test_flags_and_settings_of_an_engine_say_the_same() -> None:
    """Each setting of a container has its flag with the same value; what a setting lacks, no flag gives."""
    for confinement in (HARDENED, DEFAULT, VARIED):
        settings = build_host_settings(confinement)
        flags: dict[str, list[str]] = {}
        for name, *value in list_flags(list_settings(confinement)):
            flags.setdefault(name, []).append("".join(value))
        assert flags.pop("--network") == [settings["NetworkMode"]]
        assert bool(flags.pop("--read-only", None)) == settings["ReadonlyRootfs"]
        assert flags.pop("--cap-drop") == settings["CapDrop"]
        assert flags.pop("--cap-add", []) == settings["CapAdd"]
        assert flags.pop("--security-opt", []) == settings["SecurityOpt"]
        assert flags.pop("--memory") == [str(settings["Memory"])]
        assert flags.pop("--memory-swap") == [str(settings["MemorySwap"])]
        assert flags.pop("--pids-limit") == [str(settings["PidsLimit"])]
        assert flags.pop("--shm-size") == [str(settings["ShmSize"])]
        (mount,) = flags.pop("--tmpfs")
        assert dict([mount.split(":", 1)]) == settings["Tmpfs"]
        assert flags.pop("--user") == [confinement.user]
        assert flags.pop("--env") == [f"{name}={value}" for name, value in confinement.environment.items()]
        assert not flags


def test_a_good_run_has_a_recipe_of_its_own_settings() -> None:
    """Flags that can be pasted, and a pod that is as closed."""
    recipe = build_recipe(Trials(replace(GOOD, gpu_access="a device request"), VARIED), judge(GOOD))
    assert recipe is not None
    words = [shlex.split(flag) for flag in list_proved_flags(recipe)]
    assert ["--user", "7:8"] in words
    assert ["--env", "HOME=/tmp"] in words
    assert ["--gpus", "all"] in words
    assert not [word for word in words if "PYTHONDONTWRITEBYTECODE" in " ".join(word)]
    (container,) = build_proved_pod(recipe)["containers"]
    assert container["securityContext"]["runAsUser"] == 7
    assert container["resources"]["limits"] == {"memory": str(1 << 30), "nvidia.com/gpu": 1}
    assert {volume["emptyDir"]["sizeLimit"] for volume in build_proved_pod(recipe)["volumes"]} == {
        str(1 << 20),
        str(1 << 21),
    }


def test_a_run_that_was_not_good_or_not_ours_has_none() -> None:
    """Nothing was proved."""
    broken = Observation((StageResult("imports", "failed", kind="error"),), is_complete=True)
    assert build_recipe(Trials(broken, HARDENED), judge(broken)) is None
    assert build_recipe(Trials(GOOD), judge(GOOD)) is None
    assert build_recipe(None, judge(GOOD)) is None
