"""Where an image has the Python module that a message names, and what facts say of that."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from packaging.utils import canonicalize_name

from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing, Statement
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.filesystem.tree import MergedTree
from layerscope.rules.python_cures import tell_environment
from layerscope.rules.wording import tell_count, tell_path

SHOWN: Final = 3
"""Places that are told one by one."""


class ModuleSearch(Struct, frozen=True):
    """Where a module lies, by path: where the container's Python looks for it, where others do, and elsewhere.

    `part` is the package around it, where that is all there is. `unsuitable` is a file of its name that is for another
    Python.
    """

    module: str
    active: PythonEnvironment | None
    there: str = ""
    others: tuple[tuple[str, PythonEnvironment], ...] = ()
    part: str = ""
    unsuitable: str = ""
    elsewhere: tuple[str, ...] = ()
    sites: int = 0
    distribution: Distribution | None = None

    @property
    def is_missing(self) -> bool:
        """Whether no file of it is anywhere, nor so much as the package around it."""
        return not (self.there or self.others or self.part or self.unsuitable or self.elsewhere)


def find_active_environment(facts: FactSet) -> PythonEnvironment | None:
    """The environment that the container's process uses, or the only one."""
    environments = [each for each in facts.of(PythonEnvironment) if each.kind != "orphaned"]
    only = environments[0] if len(environments) == 1 else None
    return next((each for each in environments if each.is_active), only)


def search_module(result: AuditResult, module: str, package: str = "") -> ModuleSearch:
    """Look for a module in the environments; `package` is the distribution that the table knows for it."""
    parts = [part for part in module.split(".") if part]
    environments = result.facts.of(PythonEnvironment)
    active = find_active_environment(result.facts)
    found = {each.place: _find_module(result.tree, each, parts) for each in environments}
    own = found.get(active.place, ("", "", "")) if active is not None else ("", "", "")
    others = tuple((found[each.place][0], each) for each in environments if each != active and found[each.place][0])
    sites = {site for each in environments for site in each.sites}
    is_known = own[0] or others or own[1]
    return ModuleSearch(
        module=module,
        active=active,
        there=own[0],
        others=others,
        part=own[1],
        unsuitable=own[2],
        elsewhere=() if is_known else tuple(_find_elsewhere(result.tree, parts[0], sites))[:SHOWN],
        sites=len(sites),
        distribution=_find_distribution(
            result, active, {canonicalize_name(each) for each in (package, parts[0]) if each}
        ),
    )


def tell_module(result: AuditResult, search: ModuleSearch) -> Iterator[Statement]:
    """Whether the module is there, for which Python, or that it is nowhere."""
    python = tell_environment(result.facts, search.active.place) if search.active is not None else "the interpreter"
    if search.there:
        told = f"{search.module} is at {_place(result, search.there)}, where {python} looks"
        yield Statement(f"{told}: the message is from another interpreter, or another image", Bearing.CONTRADICTS)
    for path, environment in search.others[:SHOWN] if not search.there else ():
        told = f"{search.module} is at {_place(result, path)}"
        if environment.kind == "orphaned":
            yield Statement(f"{told}, for {environment.python}, which the image does not have", Bearing.EXPLAINS)
            continue
        only = tell_environment(result.facts, environment.place)
        end = f", not {python}" if search.active is not None else ""
        yield Statement(f"{told}, where only {only} looks{end}", Bearing.EXPLAINS)
    if search.there or search.others:
        return
    if search.unsuitable:
        told = f"{_place(result, search.unsuitable)} is for another Python than {python}, which does not load it"
        yield Statement(told, Bearing.EXPLAINS)
    elif search.part:
        yield Statement(f"{_place(result, search.part)} is there, without {search.module}", Bearing.EXPLAINS)
    for path in search.elsewhere:
        yield Statement(f"{_place(result, path)} is there, which is in none of the site directories", Bearing.OPEN)
    if search.is_missing and result.is_whole:
        where = f"none of its {tell_count(search.sites, 'site directory', 'site directories')} has it"
        told = where if search.sites else "it has no Python"
        yield Statement(f"{search.module} is not in the image: {told}", Bearing.EXPLAINS)


def _find_module(tree: MergedTree, environment: PythonEnvironment, parts: list[str]) -> tuple[str, str, str]:
    """The module's path, else the package around it, else a file of its name that is for another Python."""
    around = unsuitable = ""
    for site in (*environment.sites, *environment.borrowed, *_list_library(environment)):
        folder = site
        for number, part in enumerate(parts):
            path, odd = _find_part(tree, environment, folder, part)
            unsuitable = unsuitable or odd
            if not path:
                around = around or (folder if number and f"{folder}/__init__.py" in tree else "")
                break
            folder = path
        else:
            return folder, "", ""
    return "", around, unsuitable


def _list_library(environment: PythonEnvironment) -> tuple[str, ...]:
    """The folders of Python's own library."""
    if not environment.interpreter:
        return ()
    root = environment.interpreter.rpartition("/")[0].rpartition("/")[0]
    folder = f"{root}/lib/python{environment.series}{'t' if environment.is_free_threaded else ''}".lstrip("/")
    return folder, f"{folder}/lib-dynload"


def _find_part(tree: MergedTree, environment: PythonEnvironment, folder: str, part: str) -> tuple[str, str]:
    """The path of a module in a folder, and that of one for another Python."""
    for name in (part, f"{part}.py", f"{part}.pyc", f"{part}.so", f"{part}.abi3.so", f"{part}.{environment.soabi}.so"):
        path = f"{folder}/{name}"
        node = tree.resolve(path)
        if node is not None and (name != part or tree.children(node.path)):
            return path, ""
    beside = [path for path in tree.children(folder) if path.startswith(f"{folder}/{part}.") and path.endswith(".so")]
    if not environment.soabi:
        return (beside[0] if beside else ""), ""
    return "", beside[0] if beside else ""


def _find_elsewhere(tree: MergedTree, name: str, sites: set[str]) -> Iterator[str]:
    """Modules of that name outside the site directories: a program's own, or those of Python's library."""
    for path in sorted(tree):
        place = path.removesuffix("/__init__.py")
        folder, _, last = place.rpartition("/")
        is_it = last in {name, f"{name}.py"} or (last.startswith(f"{name}.") and last.endswith(".so"))
        is_module = place != path or last != name
        if is_it and is_module and not any(folder == site or folder.startswith(f"{site}/") for site in sites):
            yield place


def _find_distribution(result: AuditResult, active: PythonEnvironment | None, names: set[str]) -> Distribution | None:
    """The installed distribution of one of these names, where the active environment has it."""
    sites = (*active.sites, *active.borrowed) if active is not None else ()
    return next((each for each in result.facts.of(Distribution) if each.key in names and each.site in sites), None)


def _place(result: AuditResult, path: str) -> str:
    node = result.tree.get(path) or result.tree.resolve(path)
    return f"{tell_path(path)} (layer {node.layer})" if node is not None else tell_path(path)
