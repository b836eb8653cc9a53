"""The frameworks that an image has, environment by environment."""

from collections.abc import Callable, Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.extension_finders import find_bitsandbytes, find_cupy, find_torch_extensions, find_triton
from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.framework_finders import (
    find_ctranslate2,
    find_jax,
    find_onnxruntime,
    find_tensorflow,
    find_tensorrt,
    find_torch,
)
from layerscope.facts.cuda.sites import Site, find_sites
from layerscope.facts.cuda.text_extractor import CudaTextExtractor
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap

_FINDERS: Final[tuple[Callable[[Site, FactContext], Iterator[Framework]], ...]] = (
    find_torch,
    find_tensorflow,
    find_jax,
    find_onnxruntime,
    find_ctranslate2,
    find_tensorrt,
    find_triton,
    find_cupy,
    find_bitsandbytes,
    find_torch_extensions,
)


class FrameworkCollector(Collector):
    """Asks every environment for every framework."""

    name = "cuda.frameworks"
    extractors = (CudaTextExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield frameworks by environment."""
        for site in context.shared(find_sites):
            for find in _FINDERS:
                yield from find(site, context)
