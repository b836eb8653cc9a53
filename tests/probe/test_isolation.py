"""Isolation: facts and warnings out of what stage `env` told, each with its nearest sound neighbour."""

from typing import Any

import pytest

from layerscope.probe.isolation import list_isolation, spell_capabilities
from layerscope.probe.isolation_warnings import find_isolation_warnings
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress

SOUND: dict[str, Any] = {
    "identity": {"uid": 1000, "gid": 1000, "name": "app"},
    "isolation": {"seccomp": "filter", "user_map": "0 0 4294967295", "capabilities": "0"},
    "limits": {"processors": 4.0, "memlock": None, "out_of_memory_kills": 0, "throttled": 0},
    "places": {
        "home": {"path": "/home/app", "writable": True, "free": 1 << 33, "free_files": 0},
        "cache": {"path": "/home/app/.cache", "writable": True, "free": 1 << 33, "free_files": 1 << 20},
        "shm": {"path": "/dev/shm", "writable": True, "bytes": 1 << 30, "free": 1 << 30},  # noqa: S108
    },
    "text": {"preferred": "UTF-8"},
    "threads": {"OMP_NUM_THREADS": 4},
    "system": {"usable_processors": 64},
}


def observe(change: dict[str, dict[str, Any]], gpus: int = 0) -> Observation:
    """A run in sound surroundings, with these parts of them changed."""
    values = {name: {**part, **change.get(name, {})} for name, part in SOUND.items()}
    driver = StageResult("driver", PASSED, values={"devices": [{}] * gpus})
    return Observation((StageResult("env", PASSED, values=values), driver), is_complete=True)


CASES: list[tuple[str, dict[str, dict[str, Any]], dict[str, dict[str, Any]], int]] = [
    ("cpu-quota-oversubscribed", {"threads": {"OMP_NUM_THREADS": 8}}, {"threads": {"OMP_NUM_THREADS": 7}}, 0),
    ("cpu-quota-oversubscribed", {"threads": {"OMP_NUM_THREADS": None}}, {"limits": {"processors": None}}, 0),
    ("shm-too-small", {"places": {"shm": {"bytes": 64 << 20}}}, {"places": {"shm": {"bytes": 65 << 20}}}, 2),
    ("memlock-low", {"limits": {"memlock": 64 << 10}}, {"limits": {"memlock": 64 << 20}}, 2),
    ("ascii-locale", {"text": {"preferred": "ANSI_X3.4-1968"}}, {"text": {"preferred": "utf8"}}, 0),
    ("out-of-memory-kills", {"limits": {"out_of_memory_kills": 1}}, {"limits": {"out_of_memory_kills": None}}, 0),
    ("disk-full", {"places": {"tmp": {"writable": True, "free": 1}}}, {"places": {"tmp": {"free": 1}}}, 0),
    ("no-inodes", {"places": {"tmp": {"writable": True, "free": 1 << 30, "free_files": 9}}},
     {"places": {"tmp": {"writable": True, "free": 1 << 30, "free_files": 0}}}, 0),
    ("seccomp-off", {"isolation": {"seccomp": "off"}}, {"isolation": {"seccomp": "strict"}}, 0),
    ("runs-as-root", {"identity": {"uid": 0}}, {"identity": {"uid": 0}, "isolation": {"user_map": "0 1000 1"}}, 0),
    ("no-passwd-entry", {"identity": {"name": None}}, {}, 0),
    ("home-not-writable", {"places": {"home": {"path": "/", "writable": False}}}, {"places": {"home": {}}}, 0),
    ("cache-not-writable", {"places": {"cache": {"path": "/", "writable": False}}}, {"places": {"cache": {}}}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fault", "neighbour", "gpus"), CASES)
def test_what_breaks_programs_is_told(
    kind: str, fault: dict[str, dict[str, Any]], neighbour: dict[str, dict[str, Any]], gpus: int
) -> None:
    """And nothing of its neighbour."""
    assert [each.kind for each in find_isolation_warnings(observe(fault, gpus), is_ours=False)] == [kind]
    assert not find_isolation_warnings(observe(neighbour, gpus), is_ours=False)


def test_one_gpu_needs_no_shared_memory() -> None:
    """What several GPUs run out of is told where there are several."""
    assert not find_isolation_warnings(observe({"places": {"shm": {"bytes": 1 << 20}}}, gpus=1), is_ours=False)


def test_what_layerscope_chose_is_not_held_against_the_image() -> None:
    """A user without a name, a HOME on a read-only root: the hardened run has them on purpose."""
    change: dict[str, dict[str, Any]] = {
        "identity": {"name": None, "uid": 65534},
        "places": {"home": {"path": "/", "writable": False}},
    }
    assert not find_isolation_warnings(observe(change), is_ours=True)


@pytest.mark.parametrize(("told", "text"), [(True, "yes"), (False, "no"), (None, "unknown")])
def test_what_is_not_known_of_the_root_is_told_so(told: bool | None, text: str) -> None:
    """A table of mounts may be too long to have the root in its beginning."""
    facts = {fact.name: fact for fact in list_isolation(observe({"isolation": {"read_only_root": told}}))}
    assert (facts["read_only_root"].value, facts["read_only_root"].text) == (told, text)


def test_capabilities_are_spelled() -> None:
    """By name, and by number where the kernel is newer."""
    assert spell_capabilities("00000000a80425fb")[:3] == ["chown", "dac_override", "fowner"]
    assert spell_capabilities("8000000000000001") == ["chown", "63"]
    assert spell_capabilities("zz") == []


def test_this_environment_has_every_fact() -> None:
    """As the payload tells it here."""
    import sys

    seen = run_here(ProbeSpec(sys.executable, roles=("system",)), progress=SilentProgress())
    facts = {fact.name: fact for fact in list_isolation(seen)}
    wanted = {"user", "capabilities", "no_new_privileges", "read_only_root", "seccomp", "label", "user_namespace"}
    wanted |= {"memory", "processors", "pids", "memlock", "cgroup", "throttled", "network", "volumes", "encoding"}
    wanted |= {"passwd", "shm_writable", "tmp_writable", "namespace_mnt", "namespace_net"}
    assert wanted <= set(facts)
    assert facts["cgroup"].value in {"v1", "v2", "unknown"}
    assert isinstance(facts["network"].value, list)
