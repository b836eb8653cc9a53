"""Interpreters whose release series gets no security fixes any more."""

from collections.abc import Iterator
from datetime import date

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.interpreters import find_interpreters
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor


class EndedRelease(Fact, frozen=True):
    """An interpreter of a series that had ended on the day `checked`, when the table of releases was last checked."""

    path: str
    series: str
    version: str
    end: date
    checked: date
    is_of_distribution: bool
    """Whether it lies where the operating system's own Python does, which its makers may go on mending."""
    layer: int
    instruction: str


class EndedReleaseCollector(Collector):
    """Looks each interpreter up in the table of releases; the clock plays no part."""

    name = "python.releases"
    extractors = (PythonMetadataExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an interpreter out of support."""
        releases = context.policies.python_releases
        for interpreter in context.shared(find_interpreters):
            end = releases.find_end(interpreter.series)
            if end is not None and releases.is_ended(interpreter.series) and interpreter.implementation == "cpython":
                yield EndedRelease(
                    evidence=interpreter.evidence,
                    path=interpreter.path,
                    series=interpreter.series,
                    version=interpreter.version,
                    end=end,
                    checked=releases.table.policy.date,
                    is_of_distribution=interpreter.prefix == "usr",
                    layer=interpreter.layer,
                    instruction=interpreter.instruction,
                )
