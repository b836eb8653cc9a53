"""Collector: turns what the layers hold into facts."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap
from layerscope.layers.extractor import AnyExtractor


class Collector(ABC):
    """One family member of the facts.

    An implementer names the extractors that must see files during the layer pass (their results are cached per layer)
    and folds layer results, tree and config into facts and gaps. It never raises for what the image holds.
    """

    name: ClassVar[str]
    sees_claims: ClassVar[bool] = False
    """Whether it looks at more than what the layers hold, the config and the base image's place: at names, manifests
    and proofs, which are other ones for the same contents. Its facts are not kept for the next audit."""
    needs_weight: ClassVar[bool] = False
    """Whether it looks at the image's weight or at repeated content, which are found beside all that other collectors
    find: a question of time, not of facts."""
    extractors: ClassVar[tuple[AnyExtractor, ...]] = ()

    @abstractmethod
    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield facts and gaps, in an order that depends on the image alone."""
