"""Which base image the builder says it used."""

from collections.abc import Iterator, Mapping
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap

BASE_NAME: Final = "org.opencontainers.image.base.name"
BASE_DIGEST: Final = "org.opencontainers.image.base.digest"
"""https://github.com/opencontainers/image-spec/blob/main/annotations.md"""


class BaseReference(Fact, frozen=True):
    """The base image's name as claimed in a `label` or an `annotation`, and its digest where one is recorded."""

    name: str
    digest: str | None
    source: str


class BaseReferenceCollector(Collector):
    """Reads the standard annotations and the labels of the same name."""

    name = "config.base-reference"
    sees_claims = True

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the claimed base, annotations before labels, where there is one."""
        manifest = context.image.manifest
        claims: list[tuple[str, Mapping[str, str]]] = [("label", context.image.config.runtime.labels)]
        if manifest is not None:
            claims.insert(0, ("annotation", manifest.annotations))
        for source, claim in claims:
            if claim.get(BASE_NAME):
                yield BaseReference(
                    Evidence(detail=BASE_NAME), claim[BASE_NAME], claim.get(BASE_DIGEST) or None, source
                )
                return
