"""Files that hold credentials, in any layer, those that a later layer deletes included."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.secret_extractor import SecretExtractor

_SAMPLE_PLACE: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|test[_-]?data|fixtures?|examples?|samples?|demos?|docs?|site-packages|dist-packages|"
    r"node_modules|snakeoil|vendor|pkg/mod|templates?)(?:/|$)|snakeoil|\.example$|\.sample$|\.template$|\.dist$"
)
"""Places where packages ship keys and tokens for their own tests and documentation."""


class SecretFile(Fact, frozen=True):
    """One kind of credential in one file of one layer; the value is nowhere.

    `hidden_by` is the layer that removes or replaces the file: its bytes stay in the image all the same. `is_sample`
    marks places where packages ship test keys.
    """

    layer: int
    path: str
    kind: str
    count: int
    hidden_by: int | None
    is_sample: bool
    instruction: str


class SecretFileCollector(Collector):
    """Reports what the layer pass found, with what later layers did to the file."""

    name = "system.secret-files"
    extractors = (SecretExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a file and kind, lowest layer first."""
        for layer, path, rows in context.extracts(SecretExtractor.name):
            hidden_by = context.hidden_by(layer, path)
            for kind, count in _read_rows(rows):
                yield SecretFile(
                    evidence=Evidence(layer=layer, path=path),
                    layer=layer,
                    path=path,
                    kind=kind,
                    count=count,
                    hidden_by=hidden_by,
                    is_sample=_SAMPLE_PLACE.search(path) is not None,
                    instruction=context.instruction(layer),
                )


def _read_rows(rows: object) -> Iterator[tuple[str, int]]:
    """Kind and count of each row that the extractor kept."""
    for row in rows if isinstance(rows, list) else []:
        yield str(row[0]), int(row[1])
