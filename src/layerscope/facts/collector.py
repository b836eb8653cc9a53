"""Collector: turns what the layers hold into facts."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap
from layerscope.layers.extractor import Extractor


class Collector(ABC):
    """One family member of the facts.

    An implementer names the extractors that must see files during the layer pass (their results are cached per layer)
    and folds layer results, tree and config into facts and gaps. It never raises for what the image holds.
    """

    name: ClassVar[str]
    extractors: ClassVar[tuple[Extractor, ...]] = ()

    @abstractmethod
    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield facts and gaps, in an order that depends on the image alone."""
