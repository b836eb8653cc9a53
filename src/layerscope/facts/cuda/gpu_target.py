"""GpuTarget and NodeType: what a person asks about, by a GPU's name or capability, or a file of node types."""

import difflib
from collections.abc import Iterable
from typing import Any, Final

import tomli
from msgspec import Struct

from layerscope.errors import UsageError
from layerscope.policies.cuda_driver import Version, parse_driver
from layerscope.policies.gpu_arch import GpuArchitectures, GpuModel
from layerscope.policies.gpu_names import normalise_model, parse_capability, tell_capability

NODE_LIMIT: Final = 1_000
"""Node types of one fleet; a cluster has some ten."""

_SHOWN: Final = 4
_NODE_KEYS: Final = ("name", "gpu", "driver", "count")


class GpuTarget(Struct, frozen=True):
    """A GPU to be judged: its name for a person, its capability (90 is 9.0), and what the table knows of the model."""

    name: str
    capability: int
    model: GpuModel | None = None


class NodeType(Struct, frozen=True):
    """One kind of node of a fleet; the driver stands as written, and is empty where it is not known."""

    name: str
    gpu: str
    driver: str = ""
    count: int = 1

    @property
    def driver_version(self) -> Version | None:
        """The driver as numbers."""
        return parse_driver(self.driver) if self.driver else None


def parse_gpu(text: str, architectures: GpuArchitectures) -> GpuTarget:
    """The GPU meant by `H100`, `NVIDIA H100 80GB HBM3`, `9.0` or `sm_90`; raises UsageError with the nearest names."""
    capability = parse_capability(text)
    if capability is not None:
        if capability not in architectures.capabilities:
            known = ", ".join(map(tell_capability, architectures.capabilities))
            raise UsageError(f"reading the GPU {text!r}: no compute capability that is known, which are {known}")
        return GpuTarget(tell_capability(capability), capability)
    wanted = normalise_model(text)
    models = {normalise_model(model.name): model for model in architectures.models}
    if wanted in models:
        model = models[wanted]
        return GpuTarget(model.name, model.capability, model)
    near = difflib.get_close_matches(wanted, models, n=_SHOWN, cutoff=0.5)
    names = [models[key].name for key in near] or [model.name for model in architectures.common]
    raise UsageError(
        f"reading the GPU {text!r}: no model or compute capability that is known; "
        f"{'near it are' if near else 'known are among others'} {', '.join(names)}"
    )


def common_targets(architectures: GpuArchitectures) -> tuple[GpuTarget, ...]:
    """The GPUs that are judged when nobody names one."""
    return tuple(GpuTarget(model.name, model.capability, model) for model in architectures.common)


def parse_fleet(
    text: str, architectures: GpuArchitectures | None = None, *, origin: str = "the fleet"
) -> tuple[NodeType, ...]:
    """The node types of a TOML file with `[[node]]` tables of name, gpu, driver and count; raises UsageError.

    Their GPUs are checked against `architectures`; `origin` is what errors call the file.
    """
    try:
        document = tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"reading {origin}: {error}") from error
    _refuse_unknown(origin, document, ("node",))
    nodes = document.get("node", [])
    if not isinstance(nodes, list) or not nodes or not all(isinstance(node, dict) for node in nodes):
        raise UsageError(f"reading {origin}: no [[node]] in it, expected at least one")
    if len(nodes) > NODE_LIMIT:
        raise UsageError(f"reading {origin}: {len(nodes):,} node types, limit {NODE_LIMIT:,}")
    found = tuple(
        _parse_node(f"{_name_node(number, node)} of {origin}", node, architectures)
        for number, node in enumerate(nodes, start=1)
    )
    names = [node.name for node in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"reading {origin}: the name {twice[0]!r} is there twice")
    return found


def _name_node(number: int, node: dict[str, Any]) -> str:
    """A node type by its place in the file, and by its name where it has one."""
    name = node.get("name")
    return f"node {number} ({name!r})" if isinstance(name, str) and name else f"node {number}"


def _parse_node(where: str, node: dict[str, Any], architectures: GpuArchitectures | None) -> NodeType:
    _refuse_unknown(where, node, _NODE_KEYS)
    gpu, driver, count = node.get("gpu"), node.get("driver", ""), node.get("count", 1)
    name = node.get("name", gpu)
    if not isinstance(gpu, str) or not gpu:
        raise UsageError(f"reading {where}: gpu is {gpu!r}, expected a model or a compute capability as text")
    if not isinstance(name, str) or not name:
        raise UsageError(f"reading {where}: name is {name!r}, expected text")
    if not isinstance(driver, str):
        raise UsageError(f'reading {where}: driver is {driver!r}, expected text in quotes: driver = "{driver}"')
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise UsageError(f"reading {where}: count is {count!r}, expected a number of nodes")
    try:
        if driver:
            parse_driver(driver)
        if architectures is not None:
            parse_gpu(gpu, architectures)
    except UsageError as error:
        raise UsageError(f"reading {where}: {error}") from error
    return NodeType(name, gpu, driver, count)


def _refuse_unknown(where: str, table: Iterable[str], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            meant = f" (perhaps {near[0]!r})" if near and len(known) > 1 else ""
            keys = f"one of {', '.join(known)}" if len(known) > 1 else repr(known[0])
            raise UsageError(f"reading {where}: unknown key {key!r}, expected {keys}{meant}")
