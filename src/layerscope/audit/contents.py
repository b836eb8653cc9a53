"""What follows from an image's contents alone: its weight, facts and gaps, found by two processes where that pays."""

from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.facts.image_facts import ImageFacts
from layerscope.facts.registry import COLLECTORS
from layerscope.facts.run import collect_facts
from layerscope.layers.worker import WorkerLostError, start_workers
from layerscope.progress import Progress

WORTH_A_WORKER: Final = range(10_000, 500_000)
"""Entries of all layers with which a second process pays.

With 13,000 entries two took 0.92 of the time of one, with 41,000 0.94, with 182,000 0.60 (medians of four runs). With
more it would pay, too, but the two share ever less of the memory that they began with.
"""

_NAMES_BESIDE: Final = frozenset({"python", "system", "elf.node-addons"})
"""Families of collectors, and single ones, that are as much work as all others, and share little of it with them."""


def _runs_beside(collector: Collector) -> bool:
    return collector.needs_weight or not _NAMES_BESIDE.isdisjoint((collector.name, collector.name.partition(".")[0]))


_BESIDE: Final = tuple(each for each in COLLECTORS if not each.sees_claims and _runs_beside(each))
_HERE: Final = tuple(each for each in COLLECTORS if not each.sees_claims and not _runs_beside(each))


def collect_contents(context: FactContext, progress: Progress, *, jobs: int) -> ImageFacts:
    """The image's weight, and the facts and gaps of all collectors that do not see claims."""
    progress.note("merging layers")
    entries = sum(map(len, context.tree.stack.indexes))
    progress.note("weighing layers and collecting facts")
    if jobs > 1 and entries in WORTH_A_WORKER:
        weighed, (facts, gaps) = _collect_beside(context)
    else:
        weighed, (facts, gaps) = _weigh(context), collect_facts(context, collectors=_HERE)
    return ImageFacts(weighed.weight, FactSet([*weighed.facts, *facts]), tuple(sorted({*weighed.gaps, *gaps})))


def _collect_beside(context: FactContext) -> tuple[ImageFacts, tuple[FactSet, tuple[Gap, ...]]]:
    """Collect one half while a worker weighs and collects the other; where none can be had, one after the other."""
    try:
        with start_workers(lambda _number, _advance: _weigh(context), 1) as [worker]:
            worker.begin(0)
            others = collect_facts(context, collectors=_HERE)
            weighed = worker.await_answer(lambda _amount: None)
    except (OSError, WorkerLostError):
        return _weigh(context), collect_facts(context, collectors=_HERE)
    assert isinstance(weighed, ImageFacts), "a worker answers with what it was made for"
    return weighed, others


def _weigh(context: FactContext) -> ImageFacts:
    """The weight, and what the collectors find that need it or run beside the others."""
    return ImageFacts(context.weight, *collect_facts(context, collectors=_BESIDE))
