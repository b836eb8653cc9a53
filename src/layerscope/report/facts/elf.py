"""ELF as a person reads it: the C library, where the loader searches, and what comes of it for each root."""

from collections.abc import Iterable
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.facts.elf.inventory import FAMILIES, MACHINES, ElfInventory
from layerscope.facts.elf.libc import LibcProvided
from layerscope.facts.elf.loaded_objects import LoadedLibrary, LoadedObjects
from layerscope.facts.elf.loader_configuration import LoaderConfiguration, SearchFolder
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.unmet_needs import UnmetNeed, UnreachedNeed
from layerscope.report.escape import escape_line
from layerscope.report.facts.sheet import DEEP, INDENT, Sheet, slashed, start_grid, tell, tell_path
from layerscope.report.places import root_path
from layerscope.report.terminal.page import start_fields
from layerscope.report.terminal.slashed import Slashed
from layerscope.rules.wording import tell_count, tell_list

TYPES: Final = {1: ("relocatable file", None), 2: ("fixed-address program", None),
                3: ("shared object or program", "shared objects and programs"), 4: ("core file", None)}  # fmt: skip
"""e_type of the ELF header; position-independent programs bear the type of shared objects."""

STEPS: Final = {
    SearchStep.ROOT: "the loader",
    SearchStep.PATH: "by its path",
    SearchStep.PRELOAD: "preloaded",
    SearchStep.DEFAULT: "default folder",
    SearchStep.INJECTED: "by the host",
}
"""Search steps in fewer columns than their own words."""

FEW_ROOTS: Final = 5
"""Roots that are drawn when other families follow; each takes some ten lines."""

_NAMES: Final = {number: name for name, number in MACHINES.items()}
_DRAWN: Final = (ElfInventory, LibcProvided, LoaderConfiguration, LoadedObjects, UnmetNeed, UnreachedNeed)


def draw_elf(sheet: Sheet, *, is_alone: bool) -> None:
    """Draw the family; fewer roots where other families are drawn too."""
    fields = start_fields()
    _add_libc(sheet, fields)
    _add_inventory(sheet, fields)
    if fields.row_count:
        sheet.page.add_blank()
        sheet.page.add(fields, indent=INDENT)
    for configuration in sheet.facts.of(LoaderConfiguration):
        _draw_search(sheet, configuration)
    _draw_loads(sheet, most=None if is_alone else FEW_ROOTS)
    _draw_unmet(sheet)
    _draw_unreached(sheet)
    sheet.rest(_DRAWN)


def _add_libc(sheet: Sheet, fields: Table) -> None:
    """Each C library that something gets."""
    for libc in sheet.facts.of(LibcProvided):
        told = Text(escape_line(f"{libc.kind} {libc.version}") + ", ").append_text(tell_path(libc.path))
        told.append(f", {sheet.in_layer(libc.layer)}", "muted")
        count = tell_count(libc.roots, "program or module gets it", "programs and modules get it")
        fields.add_row("C library", slashed(told, f"; {count}"))


def _add_inventory(sheet: Sheet, fields: Table) -> None:
    """How many objects there are, for which machines, and the newest symbol versions that they need."""
    for inventory in sheet.facts.of(ElfInventory):
        machines = ", ".join(
            f"{count:,} for {_NAMES.get(machine, f'machine {machine}')}" for machine, count in inventory.machines
        )
        types = ", ".join(
            tell_count(count, *TYPES.get(kind, (f"of type {kind}", f"of type {kind}")))
            for kind, count in inventory.types
        )
        fields.add_row("objects", f"{machines}: {types}")
        if inventory.foreign:
            examples = tell_list((root_path(path) for path in inventory.foreign_paths), shown=2)
            fields.add_row("foreign", tell(f"{inventory.foreign:,} for another machine: {examples}", "doubt"))
        newest = sorted(inventory.newest, key=lambda each: FAMILIES.index(each.family))
        for number, each in enumerate(newest):
            version = escape_line(f"{each.family}_{each.version}")
            layer = (f", {sheet.in_layer(each.layer)}", "muted")
            told = slashed(version, (", needed by ", "muted"), tell_path(each.path), layer)
            fields.add_row("" if number else "newest", told)


def _draw_search(sheet: Sheet, loader: LoaderConfiguration) -> None:
    """The steps of the search in their order, each with what it leads to here."""
    sheet.section("Where libraries are searched for, in this order")
    grid = start_grid()
    if loader.interpreter:
        told = tell_path(loader.interpreter)
        if loader.interpreter_path is None:
            told.append(", which the image does not have", "bad")
        elif root_path(loader.interpreter_path) != loader.interpreter:
            told.append(f" {sheet.page.symbols.arrow} ", "muted").append_text(tell_path(loader.interpreter_path))
        grid.add_row("loader", slashed(told, (f", {escape_line(loader.kind)}", "muted")))
    for preload in loader.preloads:
        where = tell_path(preload.path) if preload.path is not None else Text("not found", "bad")
        grid.add_row("preload", slashed(tell(f"{preload.name} by {preload.origin}:"), " ", where))
    if not loader.preloads:
        grid.add_row("preload", Text("none", "muted"))
    variable = _tell_variable(sheet, loader)
    if loader.kind == "musl":
        grid.add_row("LD_LIBRARY_PATH", Slashed(variable))
        grid.add_row("RPATH, RUNPATH", Text("of the object that needs it, and of those that loaded it", "muted"))
    else:
        grid.add_row(
            "RPATH", Text("of the object that needs it and those that loaded it, unless it has a RUNPATH", "muted")
        )
        grid.add_row("LD_LIBRARY_PATH", Slashed(variable))
        grid.add_row("RUNPATH", Text("of the object that needs it", "muted"))
        grid.add_row("ld.so.cache", Slashed(_tell_cache(sheet, loader)))
    if loader.default_folders:
        grid.add_row("default folders", Slashed(_tell_folders(sheet, loader.default_folders)))
    sheet.page.add(grid, indent=DEEP)


def _tell_variable(sheet: Sheet, loader: LoaderConfiguration) -> Text:
    """The folders of LD_LIBRARY_PATH, and the step that set it."""
    if not loader.library_path:
        return Text("not set", "muted")
    told = _tell_folders(sheet, loader.library_path)
    return (
        told.append(f"\nset by {escape_line(loader.library_path_step)}", "muted") if loader.library_path_step else told
    )


def _tell_cache(sheet: Sheet, loader: LoaderConfiguration) -> Text:
    """How much the cache knows, and the folders that it was made of."""
    told = Text("none", "muted") if loader.cached is None else Text(tell_count(loader.cached, "entry", "entries"))
    if loader.conf_folders:
        told.append(
            ", of the folders of ld.so.conf\n" if loader.cached is not None else "; ld.so.conf names\n", "muted"
        )
        told.append_text(_tell_folders(sheet, loader.conf_folders))
    return told


def _tell_folders(sheet: Sheet, folders: Iterable[SearchFolder]) -> Text:
    """Folders, one a line, each with where it really lies, and at its last mention how many objects are in it."""
    lines, listed = [], list(folders)
    for number, folder in enumerate(listed):
        line = Text(escape_line(folder.text) or "(empty: the working directory)", "path")
        if folder.path is None:
            gone = f", removed by {sheet.in_layer(folder.removed_by)}" if folder.removed_by is not None else ""
            line.append(f"  not there{gone}", "doubt" if gone else "muted")
        else:
            if "$" not in folder.text and root_path(folder.path) != folder.text.rstrip("/"):
                line.append(f" {sheet.page.symbols.arrow} ", "muted").append_text(tell_path(folder.path))
            if all(other.path != folder.path for other in listed[number + 1 :]):
                line.append(f"  {tell_count(folder.objects, 'object') if folder.objects else 'empty'}", "muted")
        lines.append(line)
    return Text("\n").join(lines)


def _draw_loads(sheet: Sheet, *, most: int | None) -> None:
    """What each root loads, its libraries by the step that found them and the folder they were found in."""
    roots = sheet.facts.of(LoadedObjects)
    if not roots:
        return
    sheet.section("What is loaded, and by which step", "the programs and modules that matter most")
    shown, more = sheet.cut(roots, "program or module", "programs and modules", most=most)
    for number, root in enumerate(shown):
        if number:
            sheet.page.add_blank()
        _draw_root(sheet, root)
    if more:
        sheet.page.add_blank()
        sheet.note(more)


def _draw_root(sheet: Sheet, root: LoadedObjects) -> None:
    """One root."""
    page = sheet.page
    noun = "more module of its package" if root.python else "more program"
    nouns = "more modules of its package" if root.python else "more programs"
    alike = f" and {tell_count(root.alike, noun, nouns)} that load the same" if root.alike else ""
    sheet.path(
        tell_path(root.path), (alike.replace("that load ", "that loads ") if root.alike == 1 else alike, "muted")
    )
    by = f", imported by {root_path(root.python)}" if root.python else ""
    facts = (
        f"{root.kind}{by}, {sheet.in_layer(root.layer)}; loads {tell_count(root.objects - 1, 'library', 'libraries')}"
    )
    unmet = f", and {tell_count(root.unmet, 'need is', 'needs are')} not met" if root.unmet else ""
    page.add_line((escape_line(facts), "muted"), (unmet, "bad"), indent=DEEP + 2)
    grid = start_grid()
    for (step, folder), loads in _group(root.loads).items():
        grid.add_row(STEPS.get(step, str(step)), Slashed(_tell_group(step, folder, loads)))
    page.add(grid, indent=DEEP + 2)


def _group(loads: Iterable[LoadedLibrary]) -> dict[tuple[SearchStep, str | None], list[LoadedLibrary]]:
    """Loads that one step found in one folder together; what is not searched for or not found stands last."""
    groups: dict[tuple[SearchStep, str | None], list[LoadedLibrary]] = {}
    for load in loads:
        folder = None if load.path is None else load.path.rpartition("/")[0]
        groups.setdefault((load.step, folder), []).append(load)
    last = SearchStep.ROOT, SearchStep.INJECTED, SearchStep.NOWHERE
    return dict(sorted(groups.items(), key=lambda item: last.index(item[0][0]) if item[0][0] in last else -1))


def _tell_group(step: SearchStep, folder: str | None, loads: Iterable[LoadedLibrary]) -> Text:
    """A folder, and below it the names that were found there."""
    if step is SearchStep.NOWHERE:
        needs = [f"{load.needed} (for {load.by})" for load in loads]
        return tell(", ".join(needs), "bad")
    names = tell(", ".join(load.needed.rpartition("/")[2] for load in loads))
    return names if folder is None else tell_path(folder).append("\n").append_text(names)


def _draw_unmet(sheet: Sheet) -> None:
    """Needs for want of which a program or a module fails."""
    needs = sheet.facts.of(UnmetNeed)
    if not needs:
        return
    sheet.section("Not found", "so that what needs it fails")
    sheet.table(
        ("~needs", ">layer", "~object"),
        needs,
        lambda need: (tell(need.needed, "bad"), sheet.layer(need.place.layer), _tell_needing(need)),
        noun="need",
    )


def _tell_needing(need: UnmetNeed) -> Text:
    """The object that needs something, and the root that loads it where that is another."""
    told = tell_path(need.place.path)
    if need.reach.roots and need.reach.roots[0] != need.place.path:
        told.append("\nloaded by ", "muted").append_text(tell_path(need.reach.roots[0]))
    return told


def _draw_unreached(sheet: Sheet) -> None:
    """Names that plugins need in vain, which only those notice who open them."""
    needs = sheet.facts.of(UnreachedNeed)
    if not needs:
        return
    sheet.section("Not found", "by plugins and the like, which nothing loads by itself")
    sheet.table(
        ("needs", ">objects", ">layer", "~for example"),
        needs,
        lambda need: (
            tell(need.needed),
            f"{need.objects:,}",
            sheet.layer(need.example.layer),
            tell_path(need.example.path),
        ),
        noun="name",
    )
