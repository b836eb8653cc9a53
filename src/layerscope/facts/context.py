"""FactContext: all that a collector may look at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar, cast

from layerscope.facts.places import Places, find_places
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.weight import Weight, measure_weight
from layerscope.formats.secret_text import redact_text
from layerscope.image.history import BuildStep
from layerscope.image.image import Image
from layerscope.layers.scan import LayerScan
from layerscope.policies.policies import Policies

T = TypeVar("T")

INSTRUCTION_LIMIT: Final = 400
"""Characters of an instruction that facts repeat; heredocs run to pages."""


@dataclass(frozen=True)
class FactContext:
    """The image's documents, its layers as read (bottom first), and the build steps paired with layers."""

    image: Image
    scans: tuple[LayerScan, ...]
    steps: tuple[BuildStep, ...]
    base_layers: int
    """How many of the lowest layers belong to the base image; 0 where the base is unknown."""
    policies: Policies = field(default_factory=Policies)
    """Tables of outside knowledge."""
    _shared: dict[object, object] = field(default_factory=dict, repr=False, compare=False)

    def shared(self, find: Callable[["FactContext"], T]) -> T:
        """What `find` makes of this context; made once, however many collectors ask."""
        if find not in self._shared:
            self._shared[find] = find(self)
        return cast("T", self._shared[find])

    @cached_property
    def tree(self) -> MergedTree:
        """The layers' merge: what a container would see."""
        return merge_layers([scan.index for scan in self.scans])

    @cached_property
    def weight(self) -> Weight:
        """What the layers weigh."""
        return measure_weight(self.tree)

    def extracts(self, name: str) -> list[tuple[int, str, object]]:
        """What the extractor of that name kept: (layer, path, value), lowest layer first, paths sorted."""
        return [
            (layer, path, value)
            for layer, scan in enumerate(self.scans)
            for path, value in sorted(scan.extracts.get(name, {}).items())
        ]

    def find_extract(self, name: str, path: str) -> object | None:
        """What the extractor of that name kept of the file that the container sees at a path, links followed."""
        node = self.tree.resolve(path)
        return None if node is None else self.extract_of(name, node)

    def extract_of(self, name: str, node: Node) -> object | None:
        """What the extractor of that name kept of a node's content."""
        return self.scans[node.content_layer].extracts.get(name, {}).get(node.content_path)

    def instruction(self, layer: int | None) -> str:
        """The build step that made a layer, without secrets, shortened; empty where the history does not say."""
        return self._instructions.get(layer, "") if layer is not None else ""

    @cached_property
    def covered(self) -> tuple[bytearray, ...]:
        """For each layer a flag for each of its entries: 1 where the container does not see the entry's content."""
        stack, flags = self.tree.stack, self.tree.covered
        limits = map(stack.limits, range(len(stack.indexes)))
        return tuple(flags[start:stop] for start, stop in limits)

    @cached_property
    def places(self) -> tuple[Places, ...]:
        """For each layer where its caches and its package managers' state lie."""
        return tuple(find_places(scan.index) for scan in self.scans)

    def hidden_by(self, layer: int, path: str) -> int | None:
        """The layer that removed or replaced what a lower layer put at a path; None where the container sees it."""
        node = self.tree.get(path)
        if node is not None and node.content_layer == layer:
            return None
        paths = self.scans[layer].index.paths
        ender = self.tree.endings.ender(self.tree.stack.starts[layer] + paths.index(path)) if path in paths else None
        return None if ender is None else self.tree.stack.locate(ender)[0]

    def find_removal(self, path: str) -> int | None:
        """The layer that last removed a normalised path which is no longer there; None where no layer ever had it."""
        ender = None if path in self.tree else self._enders.get(path)
        return None if ender is None else self.tree.stack.locate(ender)[0]

    @cached_property
    def _enders(self) -> dict[str, int]:
        """Paths of all entries that went out of sight, with what ended the highest of them."""
        stack, enders = self.tree.stack, dict[str, int]()
        for start, index in zip(stack.starts, stack.indexes, strict=True):
            paths, ended = index.paths, self.tree.endings.between(start, start + len(index))
            enders.update({paths[ordinal - start]: ender for ordinal, ender in ended})
        if stack.moved:
            enders.update(
                {stack.path(ordinal): ender for ordinal, ender in self.tree.endings if ordinal in stack.moved}
            )
        return enders

    @cached_property
    def _instructions(self) -> dict[int, str]:
        """Instructions by layer."""
        return {step.layer: shorten_instruction(step.instruction) for step in self.steps if step.layer is not None}


def shorten_instruction(instruction: str) -> str:
    """One line without secrets, cut where it becomes long."""
    text = " ".join(redact_text(instruction).split())
    return text if len(text) <= INSTRUCTION_LIMIT else text[: INSTRUCTION_LIMIT - 1] + "…"
