"""Processes in which the image's Python program loads its data: they hand it over in shared memory."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.started_scripts import find_started_scripts


class LoaderWorkers(Fact, frozen=True):
    """The most workers that a `DataLoader` of a started script names; the evidence is the script."""

    workers: int


class LoaderWorkersCollector(Collector):
    """Follows the config's command to its scripts."""

    name = "python.loader-workers"
    extractors = (PythonEntryExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each script with such a loader."""
        for node in context.shared(find_started_scripts):
            kept = context.extract_of(PythonEntryExtractor.name, node)
            workers = kept.get("workers", 0) if isinstance(kept, dict) else 0
            if isinstance(workers, int) and workers:
                yield LoaderWorkers(Evidence(node.content_layer, node.path), workers)
