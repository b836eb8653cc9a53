"""Models that the image's Python program names in the calls that load them."""

from collections.abc import Iterator

import msgspec

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.started_scripts import find_started_scripts


class NamedModel(Fact, frozen=True):
    """A path or a repository that a call such as `from_pretrained` names; the evidence is the script."""

    call: str
    value: str
    revision: str = ""
    """The one of the repository that it names; empty where it names none."""
    is_local: bool = False
    """Whether it asks no hub, whatever the environment says."""


class NamedModelCollector(Collector):
    """Follows the config's command, and the entry scripts that it runs, to a Python script."""

    name = "python.named-models"
    extractors = (PythonEntryExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each call, scripts in the order in which they are reached."""
        for node in context.shared(find_started_scripts):
            kept = context.extract_of(PythonEntryExtractor.name, node)
            calls = kept.get("calls", []) if isinstance(kept, dict) else []
            for call, value, revision, is_local in msgspec.convert(calls, list[tuple[str, str, str, bool]]):
                yield NamedModel(Evidence(node.content_layer, node.path), call, value, revision, is_local)
