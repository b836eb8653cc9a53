"""What characterises an image in a few values: its system, its Python, its CUDA, its user."""

from collections.abc import Iterator

from layerscope.diff.change import ValueChange
from layerscope.facts.config.identity import Identity
from layerscope.facts.cuda.cuda_need import find_cuda_need
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.elf.inventory import ElfInventory
from layerscope.facts.elf.libc import LibcProvided
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.system.java import JavaRuntime
from layerscope.facts.system.node import NodeRuntime
from layerscope.facts.system.os_release import OsRelease
from layerscope.policies.cuda_driver import parse_driver

DISTRIBUTION = "distribution"
LIBC = "C library"
PYTHON = "Python"
EXTENSION_ABI = "ABI of extension modules"
CUDA = "CUDA"
CUDNN = "cuDNN"
DRIVER = "oldest driver"
USER = "user"
GLIBC_NEEDED = "newest glibc needed"
CXX_NEEDED = "newest GLIBCXX needed"
NODE = "Node.js"
JAVA = "Java"

_RUNS = (Verdict.NATIVE, Verdict.JIT, Verdict.PARTIAL)


def list_traits(facts: FactSet) -> dict[str, str]:
    """The values that an image has, by what they are called."""
    return {name: value for name, value in _iter_traits(facts) if value}


def iter_trait_changes(before: dict[str, str], after: dict[str, str]) -> Iterator[ValueChange]:
    """The values that are others, in the order in which they build on each other.

    A version that is only known less exactly, `3.11` for `3.11.2`, is no other one.
    """
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one != other and not (name == PYTHON and one and other and _is_part(one, other)):
            yield ValueChange(name, one, other)


def _iter_traits(facts: FactSet) -> Iterator[tuple[str, str]]:
    release, libc, elf = facts.find(OsRelease), facts.find(LibcProvided), facts.find(ElfInventory)
    yield DISTRIBUTION, f"{release.id} {release.version_id}".strip() if release else ""
    yield LIBC, f"{libc.kind} {libc.version}".strip() if libc else ""
    if elf is not None:
        newest = {each.family: each.version for each in elf.newest}
        yield GLIBC_NEEDED, newest.get("GLIBC", "")
        yield CXX_NEEDED, newest.get("GLIBCXX", "")
    active = next((each for each in facts.of(PythonEnvironment) if each.is_active), None)
    if active is not None:
        yield PYTHON, active.python.removeprefix("Python ")
        yield EXTENSION_ABI, active.soabi
    yield from _iter_runtimes(facts)
    need = find_cuda_need(facts)
    yield CUDA, need.cuda if need else ""
    versions = {each.version for each in facts.of(CudaLibrary) if each.part == "cudnn" and each.version}
    yield CUDNN, ", ".join(sorted(versions, key=numbers))
    yield DRIVER, tell_drivers(facts)
    identity = facts.find(Identity)
    yield USER, _tell_user(identity) if identity else ""


def _iter_runtimes(facts: FactSet) -> Iterator[tuple[str, str]]:
    yield NODE, next((each.version for each in facts.of(NodeRuntime) if each.is_default), "")
    yield JAVA, next((each.version for each in facts.of(JavaRuntime) if each.is_default), "")


def tell_drivers(facts: FactSet) -> str:
    """The oldest drivers with which the image starts on the GPUs that it runs on, from the lowest to the highest.

    A GPU that it would run on with a newer driver than the one that was asked about counts, too.
    """
    runs = (each for each in facts.of(GpuVerdict) if each.verdict in _RUNS or each.cause is Cause.DRIVER_TOO_OLD)
    floors = sorted({each.minimum_driver for each in runs if each.minimum_driver}, key=parse_driver)
    return floors[0] if len(floors) == 1 else f"{floors[0]} to {floors[-1]}, by GPU" if floors else ""


def is_root(user: str) -> bool:
    """Whether a user, as its trait tells it, is root."""
    return user.split(",", 1)[0] in {"uid 0", "root"}


def _is_part(one: str, other: str) -> bool:
    return f"{other}.".startswith(f"{one}.") or f"{one}.".startswith(f"{other}.")


def _tell_user(identity: Identity) -> str:
    """Numbers, which are what the kernel knows; a name where the image has no number for it."""
    user = f"uid {identity.uid}" if identity.uid is not None else identity.specification
    return f"{user}, gid {identity.gid}" if identity.gid is not None else user
