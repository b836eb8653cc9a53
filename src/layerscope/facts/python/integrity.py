"""Distributions held against their RECORD: files that are missing, and files whose content is another."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.resolution import find_resolution
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import Distribution, find_distributions
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.owners import find_owners
from layerscope.facts.python.record_extractor import RecordExtractor
from layerscope.facts.python.records import InstalledRecord, find_records

EXAMPLES: Final = 10
"""Files of each kind that one fact names."""

REMOVALS_LIMIT: Final = 50
"""Missing files whose removal is looked for, until one is found."""

_CODE: Final = (".py", ".so")
_SPARE_FOLDERS: Final = frozenset({
    "test", "tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "demo", "demos",
    "idle_test", "sample_data", "include", "share", "_examples", "conftest",
})  # fmt: skip
"""Folders that slimmed images leave out without harm."""


class DamagedDistribution(Fact, frozen=True):
    """A distribution that is not as its RECORD says.

    `missing_code` and `altered_code` are the modules and shared objects among the missing and the altered files, those
    of tests, documentation and headers left out; they stand first among the examples. `missing_by` and `altered_by`
    are the layers that removed a missing and wrote an altered file. `found_elsewhere` are missing libraries that all
    objects which need them by name get from other files.
    """

    environment: str
    site: str
    key: str
    name: str
    version: str
    installer: str
    files: int
    missing: int
    missing_code: int
    missing_examples: tuple[str, ...]
    missing_by: int | None
    missing_instruction: str
    altered: int
    altered_code: int
    altered_examples: tuple[str, ...]
    altered_by: int | None
    altered_instruction: str
    found_elsewhere: tuple[str, ...] = ()


class IntegrityCollector(Collector):
    """Compares every RECORD with the merged tree, by the digests of the layer pass."""

    name = "python.integrity"
    extractors = (PythonMetadataExtractor(), RecordExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a damaged distribution.

        What another distribution claims too is not damage but a quarrel of the two, and of two dist-infos of one name
        at least one is out of date. What the operating system's package manager installed is left to its own database.
        """
        records = context.shared(find_records)
        distributions = context.shared(find_distributions)
        names = Counter((item.site, item.key) for item in distributions)
        for item in distributions:
            record = records.get(item.evidence.path or "")
            if record is not None and not item.is_of_system and names[item.site, item.key] == 1:
                missing, altered = _compare(context, item, record)
                if missing or altered:
                    yield _describe(context, item, record, missing, altered)


def is_code(path: str) -> bool:
    """Whether a program may need a file: a module or shared object that belongs to no tests or documentation."""
    if not path.endswith(_CODE) and ".so." not in path[path.rfind("/") :]:
        return False
    return not _SPARE_FOLDERS & set(path.split("/")[:-1])


def _compare(context: FactContext, item: Distribution, record: InstalledRecord) -> tuple[list[str], list[str]]:
    """The paths that are missing and those that have another content, in the record's order."""
    stack, own, inside = context.tree.stack, item.evidence.path or "", f"{record.site}/"
    missing, altered = [], []
    for row, (path, ordinal) in enumerate(zip(record.paths, context.tree.find_ordinals(record.paths), strict=True)):
        if path.endswith((".pyc", ".pyo")) or path.startswith(f"{own}/") or not path.startswith(inside):
            continue
        if ordinal is None:
            if context.tree.resolve(path) is None:
                missing.append(path)
            continue
        digest = record.digest(row)
        if digest is None or ordinal < 0:
            continue
        layer, position = stack.locate(stack.content(ordinal))
        found = stack.indexes[layer].digest(position)
        if found != digest:
            node = context.tree.resolve(path)
            if (node is None or node.digest != digest) and len(find_claims(context, path)) < 2:  # noqa: PLR2004 - itself
                altered.append(path)
    return missing, altered


def find_claims(context: FactContext, path: str) -> tuple[str, ...]:
    """The dist-infos whose RECORD lists a path."""
    return context.shared(find_owners).get(path, ())


def _describe(
    context: FactContext, item: Distribution, record: InstalledRecord, missing: list[str], altered: list[str]
) -> DamagedDistribution:
    """The fact of one damaged distribution."""
    inside = len(record.site) + 1
    missing.sort(key=lambda path: not is_code(path[inside:]))
    altered.sort(key=lambda path: not is_code(path[inside:]))
    removals = (context.find_removal(path) for path in missing[:REMOVALS_LIMIT])
    remover = next((layer for layer in removals if layer is not None), None)
    node = context.tree.resolve(altered[0]) if altered else None
    writer = node.content_layer if node is not None else None
    by_missing = is_code(missing[0][inside:]) if missing else False
    culprit = (remover, missing[0]) if missing and (by_missing or not altered) else (writer, altered[0])
    return DamagedDistribution(
        evidence=Evidence(layer=culprit[0] if culprit[0] is not None else item.layer, path=culprit[1]),
        environment=item.environment,
        site=item.site,
        key=item.key,
        name=item.name,
        version=item.version,
        installer=item.installer,
        files=len(record.paths),
        missing=len(missing),
        missing_code=sum(is_code(path[inside:]) for path in missing),
        missing_examples=tuple(map(_clean, missing[:EXAMPLES])),
        missing_by=remover,
        missing_instruction=context.instruction(remover),
        altered=len(altered),
        altered_code=sum(is_code(path[inside:]) for path in altered),
        altered_examples=tuple(map(_clean, altered[:EXAMPLES])),
        altered_by=writer,
        altered_instruction=context.instruction(writer),
        found_elsewhere=tuple(map(_clean, _find_elsewhere(context, missing)[:EXAMPLES])),
    )


def _find_elsewhere(context: FactContext, missing: list[str]) -> list[str]:
    """Those of missing libraries that objects need and find in another place."""
    names = {path.rpartition("/")[2]: path for path in missing if ".so" in path.rpartition("/")[2]}
    if not names:
        return []
    found, lacking = set[str](), set[str]()
    for replayed in context.shared(find_resolution).roots:
        for item in replayed.objects:
            for edge in item.edges:
                if edge.needed in names:
                    (lacking if edge.is_unmet or edge.path is None else found).add(edge.needed)
    return [names[name] for name in sorted(found - lacking)]


def _clean(path: str) -> str:
    """A path that the cache of facts can hold."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
