"""Scripts that an image starts, and that fetch weights by PyTorch's hub."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.started_scripts import find_started_scripts


class TorchHubUse(Fact, frozen=True):
    """A started script that does so; it is the evidence."""


class TorchHubCollector(Collector):
    """Follows the config's command to its scripts."""

    name = "python.torch-hub"
    extractors = (PythonEntryExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each script."""
        for node in context.shared(find_started_scripts):
            kept = context.extract_of(PythonEntryExtractor.name, node)
            if isinstance(kept, dict) and kept.get("torch_hub") is True:
                yield TorchHubUse(Evidence(node.content_layer, node.path))
