"""Python environments: which site directories each interpreter and each virtual environment searches."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.active import Candidate, find_active_place
from layerscope.facts.python.interpreters import Interpreter, find_interpreters
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor, read_kept
from layerscope.facts.python.places import find_places
from layerscope.facts.python.sites import add_path_files, find_system_sites, list_python_path
from layerscope.formats.pyvenv import PyVenv

ENVIRONMENTS_LIMIT: Final = 500
"""Environments of one image: what is installed is judged in each. Images for many Pythons have some ten."""

MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l"}
"""uname's names of the architectures that images call otherwise."""

_VENV_SITE: Final = re.compile(r"lib(?:64)?/((?:python|pypy)(\d\.\d{1,2})(t?))/site-packages")
_ORPHAN: Final = re.compile(r"(.*?)/?lib(?:64)?/(?:python|pypy)(\d\.\d{1,2})(t?)/(?:site|dist)-packages")


class PythonEnvironment(Fact, frozen=True):
    """One environment.

    `kind` is `system` (an interpreter's own), `conda`, `virtual`, or `orphaned`: site directories of a Python that the
    image does not have. `sites` are its own site directories in the order of the module path, with those that `.pth`
    files and PYTHONPATH add; `borrowed` ones are searched too but belong to another environment. `is_active` marks the
    one that the container's process, or `python3` on the PATH, would use.
    """

    kind: str
    prefix: str
    interpreter: str
    implementation: str
    series: str
    version: str
    soabi: str
    is_free_threaded: bool
    libc: str
    machine: str
    sites: tuple[str, ...]
    borrowed: tuple[str, ...]
    is_active: bool
    instruction: str
    is_managed: bool = False
    """Whether the operating system keeps pip out of it (`EXTERNALLY-MANAGED`, PEP 668)."""

    @property
    def place(self) -> str:
        """What names it: an interpreter's path, a virtual or conda environment's prefix, an orphan's directory."""
        if self.kind == "orphaned":
            return self.sites[0]
        return self.interpreter if self.kind == "system" else self.prefix

    @property
    def python(self) -> str:
        """The Python it runs, for a person: `Python 3.11.9`, `PyPy 3.10`, `Python 3.14t`."""
        name = "PyPy" if self.implementation == "pypy" else "Python"
        return f"{name} {self.version}{'t' if self.is_free_threaded else ''}"


def find_environments(context: FactContext) -> tuple[PythonEnvironment, ...]:
    """All environments: interpreters' own, virtual ones, then orphans; each by prefix."""
    interpreters = context.shared(find_interpreters)
    systems = [_describe_system(context, interpreter) for interpreter in interpreters]
    virtuals = [
        environment
        for path in _list_virtual_prefixes(context)
        if (environment := _describe_virtual(context, path, systems)) is not None
    ]
    found = [*systems, *virtuals]
    claimed = {site for environment in found for site in (*environment.sites, *environment.borrowed)}
    found += _find_orphans(context, claimed)
    return tuple(_mark_active(context, found[:ENVIRONMENTS_LIMIT]))


class PythonEnvironmentCollector(Collector):
    """Tells the environments."""

    name = "python.environments"
    extractors = (PythonMetadataExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an environment."""
        environments = context.shared(find_environments)
        yield from environments
        if len(environments) == ENVIRONMENTS_LIMIT:
            yield Gap("Python environments", "image", f"more than {ENVIRONMENTS_LIMIT}; the rest is not told")


def find_libc(context: FactContext, soabi: str) -> str:
    """`glibc` or `musl`: by the tag of the interpreter's modules, else by the loader that the image has."""
    for ending, name in (("-gnu", "glibc"), ("-musl", "musl")):
        if soabi.endswith(ending):
            return name
    names = [path.rpartition("/")[2] for folder in ("lib", "usr/lib") for path in context.tree.children(folder)]
    if any(name.startswith("ld-musl-") for name in names):
        return "musl"
    return "glibc" if "lib64" in context.tree or any(name.startswith("ld-linux") for name in names) else ""


def _describe_system(context: FactContext, interpreter: Interpreter) -> PythonEnvironment:
    """The environment that an interpreter has by itself."""
    sites, borrowed = find_system_sites(context, interpreter)
    is_conda = f"{interpreter.prefix}/conda-meta" in context.tree
    return PythonEnvironment(
        evidence=interpreter.evidence,
        kind="conda" if is_conda else "system",
        prefix=interpreter.prefix,
        interpreter=interpreter.path,
        implementation=interpreter.implementation,
        series=interpreter.series,
        version=interpreter.version,
        soabi=interpreter.soabi,
        is_free_threaded=interpreter.is_free_threaded,
        libc=find_libc(context, interpreter.soabi),
        machine=_name_machine(context),
        sites=add_path_files(context, sites),
        borrowed=borrowed,
        is_active=False,
        instruction=interpreter.instruction,
        is_managed=f"{interpreter.library}/EXTERNALLY-MANAGED" in context.tree,
    )


def _list_virtual_prefixes(context: FactContext) -> list[str]:
    """The directories that hold a visible pyvenv.cfg."""
    kept = context.extracts(PythonMetadataExtractor.name)
    paths = {path for _, path, _ in kept if path.rpartition("/")[2] == "pyvenv.cfg"}
    return sorted(path.rpartition("/")[0] for path in paths if path in context.tree)


def _describe_virtual(context: FactContext, prefix: str, systems: list[PythonEnvironment]) -> PythonEnvironment | None:
    """A virtual environment on the interpreter that its links, or its own file, lead to; None without directories."""
    node = context.tree.get(f"{prefix}/pyvenv.cfg")
    config = read_kept(context, node, PyVenv)
    sites = [site for site in context.shared(find_places).sites if _VENV_SITE.fullmatch(site[len(prefix) :].lstrip("/"))
             and site.startswith(f"{prefix}/")]  # fmt: skip
    if node is None or config is None or not sites:
        return None
    named = _VENV_SITE.fullmatch(sites[0][len(prefix) :].lstrip("/"))
    assert named is not None, "chosen by that pattern"
    base = _find_base(context, prefix, config, systems, named[1])
    series = named[2]
    return PythonEnvironment(
        evidence=Evidence(layer=node.layer, path=prefix),
        kind="virtual",
        prefix=prefix,
        interpreter=base.interpreter if base else "",
        implementation="pypy" if named[1].startswith("pypy") else "cpython",
        series=base.series if base else series,
        version=base.version if base else (config.version if config.version.startswith(f"{series}.") else series),
        soabi=base.soabi if base else "",
        is_free_threaded=base.is_free_threaded if base else bool(named[3]),
        libc=base.libc if base else find_libc(context, ""),
        machine=_name_machine(context),
        sites=add_path_files(context, sites),
        borrowed=(*base.sites, *base.borrowed) if base and config.sees_system else (),
        is_active=False,
        instruction=context.instruction(node.layer),
    )


def _find_base(
    context: FactContext, prefix: str, config: PyVenv, systems: list[PythonEnvironment], name: str
) -> PythonEnvironment | None:
    """The environment of the interpreter that a virtual environment starts."""
    by_path = {environment.interpreter: environment for environment in systems}
    for path in (f"{prefix}/bin/python3", f"{prefix}/bin/python", f"{prefix}/bin/{name}", f"{config.home}/{name}",
                 f"{config.home}/python3"):  # fmt: skip
        node = context.tree.resolve(path)
        if node is not None and node.path in by_path:
            base = by_path[node.path]
            if config.version.startswith(f"{base.version}.") and base.version == base.series:
                base = replace(base, version=config.version)
            return base
    return None


def _find_orphans(context: FactContext, claimed: set[str]) -> Iterator[PythonEnvironment]:
    """Site directories by version that no Python of the image searches."""
    for site in context.shared(find_places).sites:
        found = _ORPHAN.fullmatch(site)
        if found is None or any(site == other or site.startswith(f"{other}/") for other in claimed):
            continue
        node = context.tree.get(site)
        assert node is not None, "places are visible"
        layer = None if node.is_implied else node.layer
        yield PythonEnvironment(
            evidence=Evidence(layer=layer, path=site),
            kind="orphaned",
            prefix=found[1],
            interpreter="",
            implementation="pypy" if "/pypy" in site else "cpython",
            series=found[2],
            version=found[2],
            soabi="",
            is_free_threaded=bool(found[3]),
            libc=find_libc(context, ""),
            machine=_name_machine(context),
            sites=(site,),
            borrowed=(),
            is_active=False,
            instruction=context.instruction(layer),
        )


def _mark_active(context: FactContext, environments: list[PythonEnvironment]) -> Iterator[PythonEnvironment]:
    """The environments, one of them marked, with what PYTHONPATH puts in front of it."""
    place = find_active_place(context, [Candidate(e.place, e.prefix, e.interpreter, e.kind) for e in environments])
    is_marked = False
    for environment in environments:
        if is_marked or environment.kind == "orphaned" or environment.place != place:
            yield environment
            continue
        is_marked = True
        front = [path for path in list_python_path(context) if path not in environment.sites]
        yield replace(environment, sites=(*front, *environment.sites), is_active=True)


def _name_machine(context: FactContext) -> str:
    """The machine as `platform.machine()` would tell it."""
    architecture = context.image.config.architecture
    return MACHINES.get(architecture, architecture)
