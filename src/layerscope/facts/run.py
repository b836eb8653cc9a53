"""Runs every collector over one image."""

from collections.abc import Sequence

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.facts.registry import COLLECTORS


def collect_facts(
    context: FactContext, *, collectors: Sequence[Collector] = COLLECTORS
) -> tuple[FactSet, tuple[Gap, ...]]:
    """The image's facts in the collectors' order, and the gaps, sorted.

    A collector that raises becomes a gap, and what it yielded before is kept: one odd image must not cost the audit.
    """
    facts: list[Fact] = []
    gaps: set[Gap] = set()
    for collector in collectors:
        try:
            for item in collector.collect(context):
                if isinstance(item, Gap):
                    gaps.add(item)
                else:
                    facts.append(item)
        except Exception as error:  # noqa: BLE001 - the only broad one: an image must not be able to stop its own audit
            why = f"the collector failed: {type(error).__name__}: {error}"
            gaps.add(Gap(f"facts of {collector.name}", "image", why, is_own_failure=True))
    return FactSet(facts), tuple(sorted(gaps))
