"""Distributions that write the same files with different contents: the one installed last has won."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import Distribution, find_distributions
from layerscope.facts.python.integrity import is_code
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.owners import find_owners
from layerscope.facts.python.record_extractor import RecordExtractor
from layerscope.facts.python.records import InstalledRecord, find_records

EXAMPLES: Final = 10
"""Files that one fact names."""

OWNERS_LIMIT: Final = 8
"""Distributions of one path that are compared with each other."""


class Overlap(Fact, frozen=True):
    """Two distributions of one site directory that list files of the same path with different digests.

    `first` and `second` are `name version`; `shared_code` counts modules and shared objects that are not only tests or
    documentation or bare `__init__.py`; `package` and `advice` are those of the table of twins, where the two are known
    to hold the same package, and empty otherwise; `kept` is the one whose content most of the files have now, empty
    where neither has.
    """

    environment: str
    site: str
    keys: tuple[str, str]
    first: str
    second: str
    shared: int
    shared_code: int
    examples: tuple[str, ...]
    kept: str
    package: str
    advice: str
    layer: int
    instruction: str


class OverlapCollector(Collector):
    """Compares the rows of RECORDs that name the same path."""

    name = "python.overlaps"
    extractors = (PythonMetadataExtractor(), RecordExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each pair of distributions with different names."""
        records = context.shared(find_records)
        by_folder = {item.evidence.path or "": item for item in context.shared(find_distributions)}
        digests = _collect_digests(context, records)
        twins, pairs = context.policies.python_twins, dict[tuple[str, str], list[str]]()
        unsure: dict[tuple[str, str], str] = {}
        for path, owners in sorted(context.shared(find_owners).items()):
            for pair in combinations(owners[:OWNERS_LIMIT], 2):
                ours = [digests.get((folder, path)) for folder in pair]
                if None not in ours and ours[0] != ours[1]:
                    pairs.setdefault(pair, []).append(path)
                elif None in ours and all(folder in by_folder for folder in pair):
                    ours_key, theirs_key = (by_folder[folder].key for folder in pair)
                    if theirs_key in twins.find_twins(ours_key):  # a RECORD without digests says nothing of contents
                        pairs.setdefault(pair, [])
                        unsure.setdefault(pair, path)
        for (left, right), paths in sorted(pairs.items()):
            one, two = by_folder.get(left), by_folder.get(right)
            if one is not None and two is not None and one.key != two.key:
                yield _describe(context, (one, two), paths, digests, unsure.get((left, right), ""))


def _collect_digests(context: FactContext, records: dict[str, InstalledRecord]) -> dict[tuple[str, str], bytes]:
    """The digests that dist-infos list for paths that others list too."""
    owners = context.shared(find_owners)
    folders = {folder for several in owners.values() for folder in several}
    found = {}
    for folder in folders:
        record = records[folder]
        for row, path in enumerate(record.paths):
            digest = record.digest(row) if path in owners else None
            if digest is not None:
                found[folder, path] = digest
    return found


def _describe(
    context: FactContext,
    pair: tuple[Distribution, Distribution],
    paths: list[str],
    digests: dict[tuple[str, str], bytes],
    unsure: str,
) -> Overlap:
    """The fact of one pair; `unsure` is a file that both list and of which nobody knows the content."""
    inside = len(pair[0].site) + 1
    paths = sorted(paths, key=lambda path: not is_code(path[inside:]))
    wins = {item.key: 0 for item in pair}
    layer = max(item.layer for item in pair)
    twins = context.policies.python_twins.find(pair[0].key)
    twins = twins if twins is not None and pair[1].key in twins.names else None
    for path in paths:
        node = context.tree.resolve(path)
        if node is not None:
            for item in pair:
                wins[item.key] += digests[item.evidence.path or "", path] == node.digest
    example = paths[0] if paths else unsure
    best = max(pair, key=lambda item: wins[item.key])
    return Overlap(
        evidence=Evidence(layer=layer, path=example.encode("utf-8", "surrogateescape").decode("utf-8", "replace")),
        environment=pair[0].environment,
        site=pair[0].site,
        keys=(pair[0].key, pair[1].key),
        first=f"{pair[0].name} {pair[0].version}",
        second=f"{pair[1].name} {pair[1].version}",
        shared=len(paths),
        shared_code=sum(is_code(path[inside:]) and not path.endswith("/__init__.py") for path in paths),
        examples=tuple(p.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for p in paths[:EXAMPLES]),
        kept=best.name if wins[best.key] else "",
        package=twins.package if twins is not None else "",
        advice=twins.advice if twins is not None else "",
        layer=layer,
        instruction=context.instruction(layer),
    )
