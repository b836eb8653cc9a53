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
    version: ClassVar[int] = 1
    """Raised whenever the same image would give other facts or gaps: a part of the key under which they are kept."""
    is_kept: ClassVar[bool] = True
    """Whether facts and gaps follow from the layers' contents, the config and the base image's place alone."""
    extractors: ClassVar[tuple[Extractor, ...]] = ()

    @abstractmethod
    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield facts and gaps, in an order that depends on the image alone."""
