"""Node.js runtimes, npm packages, and requirements of theirs that are not met."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.node_extractors import (
    NODE_HEADER,
    NodeHeaderExtractor,
    NodeProgramExtractor,
    NpmLockExtractor,
    NpmPackageExtractor,
)
from layerscope.facts.system.node_packages import InstalledModule, Modules, find_modules
from layerscope.facts.system.ownership import find_owners
from layerscope.facts.system.package_databases import find_package_databases
from layerscope.facts.system.programs import ProgramFinder
from layerscope.formats.npm_range import parse_npm_range
from layerscope.formats.semantic_version import parse_semantic_version

_NODE_SOURCE: Final = "nodesource"
"""In the versions of packages that are no distribution's: https://github.com/nodesource/distributions."""

CONFLICTS_LIMIT: Final = 2000
"""Conflicts that are given."""


class NodeRuntime(Fact, frozen=True):
    """A Node.js program; `is_default` is the one that the PATH leads to.

    `package` is the distribution's own package that it belongs to, which the distribution mends on its own terms.
    `module_version` is the ABI of native add-ons, 0 where unknown; `end_of_life` comes from the table of releases, and
    `is_expired` compares it with the table's own date.
    """

    version: str
    path: str
    layer: int
    module_version: int
    is_default: bool
    package: str
    end_of_life: date | None
    is_expired: bool


class NpmRow(Struct, frozen=True):
    """One package: name, version, its folder without leading slash, and its layer."""

    name: str
    version: str
    folder: str
    layer: int


class NpmPackages(Fact, frozen=True):
    """All npm packages of the image, sorted by folder; applications are those outside any node_modules."""

    packages: tuple[NpmRow, ...]


class NpmConflict(Fact, frozen=True):
    """A package that another one requires and does not get.

    `kind` is `missing`, `invalid` (another version is found), the same with `peer-` in front, or `unlocked` (another
    version than the lock file says). `by` and `by_version` name who requires, `folder` where that lies; `found_folder`
    is where the unfit version lies.
    """

    kind: str
    by: str
    by_version: str
    folder: str
    layer: int
    name: str
    required: str
    found: str
    found_folder: str
    is_application: bool


class NodeEngineMismatch(Fact, frozen=True):
    """A package whose engines.node leaves out the Node.js that would run it."""

    package: str
    package_version: str
    folder: str
    layer: int
    range: str
    node_version: str
    is_application: bool


class NodeCollector(Collector):
    """Reads runtimes and packages and resolves the packages' requirements as Node.js would."""

    name = "system.node"
    extractors = (NpmPackageExtractor(), NpmLockExtractor(), NodeProgramExtractor(), NodeHeaderExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield runtimes, packages, conflicts and engine mismatches, each sorted by place."""
        runtimes = context.shared(find_node_runtimes)
        yield from runtimes
        modules = context.shared(find_modules)
        rows = tuple(NpmRow(each.name, each.version, each.folder, each.layer) for each in modules if each.is_installed)
        if rows:
            first = rows[0]
            yield NpmPackages(Evidence(layer=first.layer, path=first.folder), rows)
        conflicts = [*_iter_conflicts(modules), *_iter_unlocked(context, modules)]
        yield from conflicts[:CONFLICTS_LIMIT]
        default = [runtime for runtime in runtimes if runtime.is_default] or runtimes
        if len(default) == 1:
            yield from _iter_mismatches(modules, default[0])


def find_node_runtimes(context: FactContext) -> tuple[NodeRuntime, ...]:
    """The runtimes, by path: programs that name their version, or those of a distribution's package."""
    table = context.policies.node_releases
    program = ProgramFinder(context).find("node")
    found: list[NodeRuntime] = []
    versions = {path: str(value) for _, path, value in context.extracts(NodeProgramExtractor.name)}
    if program.path is not None and program.path not in versions and program.layer is not None:
        package = context.shared(find_package_databases).find_version("nodejs", "nodejs-current")
        if package is not None:
            versions[program.path] = package.version.partition(":")[2] or package.version
    for path in sorted(versions):
        node = context.tree.get(path)
        version = parse_semantic_version(_bare(versions[path]))
        if node is None or version is None:
            continue
        prefix = path.rpartition("/")[0].rpartition("/")[0]
        header = context.find_extract(NodeHeaderExtractor.name, f"{prefix}/{NODE_HEADER}")
        row, owner = table.find(version.major), context.shared(find_owners).find(path)
        is_matching = isinstance(header, list) and header[0] == str(version)
        found.append(
            NodeRuntime(
                evidence=Evidence(layer=node.layer, path=path),
                version=str(version),
                path=path,
                layer=node.layer,
                module_version=int(header[1]) if is_matching and isinstance(header, list)
                else row.module_version if row is not None else 0,
                is_default=path == program.path,
                package=owner.name if owner is not None and _NODE_SOURCE not in owner.version else "",
                end_of_life=row.end_of_life if row is not None else None,
                is_expired=row is not None and row.end_of_life < table.policy.date,
            )
        )  # fmt: skip
    return tuple(found)


def _bare(version: str) -> str:
    """A distribution's version without its revision: `18.19.0+dfsg-6` is 18.19.0."""
    return version.partition("+")[0].partition("-")[0] if not version.startswith("v") else version


def _iter_conflicts(modules: Modules) -> Iterator[NpmConflict]:
    """Requirements that resolution does not meet."""
    overridden = frozenset(name for module in modules if not module.is_installed for name in module.overrides)
    for module in modules:
        if not modules.is_in_use(module) or (module.is_workspace_root and not module.is_installed):
            continue
        for needs, prefix in ((module.needs, ""), (module.peers, "peer-")):
            for name, required in sorted(needs.items()):
                if name in module.optional or (prefix and (name in module.optional_peers or name in module.needs)):
                    continue
                found = modules.resolve(module.folder, name)
                kind = _judge(found, required, is_overridden=name in overridden)
                if kind:
                    yield _make_conflict(f"{prefix}{kind}", module, name, required, found)


def _judge(found: InstalledModule | None, required: str, *, is_overridden: bool) -> str:
    """What is wrong with what was found; nothing where the requirement is no range or an override may have set it."""
    if found is None:
        return "" if required.startswith(("file:", "link:", "workspace:")) else "missing"
    if required.startswith("npm:"):
        required = required.rpartition("@")[2] if "@" in required[5:] else "*"
    accepted, version = parse_npm_range(required), parse_semantic_version(found.version)
    if is_overridden or accepted is None or version is None:
        return ""
    return "" if accepted.accepts(version) else "invalid"


def _make_conflict(
    kind: str, module: InstalledModule, name: str, required: str, found: InstalledModule | None
) -> NpmConflict:
    """One conflict."""
    return NpmConflict(
        evidence=Evidence(layer=module.layer, path=f"{module.folder}/package.json".lstrip("/")),
        kind=kind,
        by=module.name,
        by_version=module.version,
        folder=module.folder,
        layer=module.layer,
        name=name,
        required=required,
        found=found.version if found is not None else "",
        found_folder=found.folder if found is not None else "",
        is_application=not module.is_installed,
    )


def _iter_unlocked(context: FactContext, modules: Modules) -> Iterator[NpmConflict]:
    """Packages in another version than the lock file beside node_modules says."""
    for layer, path, rows in context.extracts(NpmLockExtractor.name):
        node = context.tree.get(path)
        folder = path.rpartition("/")[0]
        application = modules.by_folder.get(folder)
        if node is None or node.content_layer != layer or not isinstance(rows, list) or application is None:
            continue
        for place, version, _ in rows:
            module = modules.by_folder.get(f"{folder}/{place}".lstrip("/"))
            locked = parse_semantic_version(version)
            if module is not None and locked is not None and module.version != version:
                yield _make_conflict("unlocked", application, module.name, version, module)


def _iter_mismatches(modules: Modules, runtime: NodeRuntime) -> Iterator[NodeEngineMismatch]:
    """Packages that ask for another Node.js."""
    version = parse_semantic_version(runtime.version)
    for module in modules:
        accepted = parse_npm_range(module.node_range) if module.node_range else None
        if version is None or accepted is None or not modules.is_in_use(module):
            continue
        if accepted.accepts(version, with_prereleases=True):
            continue
        yield NodeEngineMismatch(
            evidence=Evidence(layer=module.layer, path=f"{module.folder}/package.json".lstrip("/")),
            package=module.name,
            package_version=module.version,
            folder=module.folder,
            layer=module.layer,
            range=module.node_range,
            node_version=runtime.version,
            is_application=not module.is_installed,
        )
