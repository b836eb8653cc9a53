"""ComparedLayers: the layers of an image with what an engine does with them and what layerscope says of them."""

from dataclasses import dataclass
from pathlib import Path

from support.engine_answers import EngineAnswer, ask_engine
from support.live_engines import LiveEngine
from support.random_layers import Layers
from support.told_layers import Told, tell_layers


@dataclass(frozen=True)
class ComparedLayers:
    """Both sides of a comparison."""

    engine: LiveEngine
    layers: Layers
    told: Told
    answer: EngineAnswer

    @property
    def is_containerd(self) -> bool:
        """Whether containerd unpacked them."""
        return "containerd" in self.engine.name


def compare_layers(engine: LiveEngine, layers: Layers, folder: Path) -> ComparedLayers:
    """Ask both sides."""
    return ComparedLayers(engine, layers, tell_layers(layers, engine), ask_engine(engine, layers, folder))
