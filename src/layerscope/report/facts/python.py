"""Python as a person reads it: each environment with what is installed in it, and what does not fit."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.facts.python.conda_packages import InstalledCondaPackage
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.interpreters import Interpreter
from layerscope.facts.python.requirements import Requirements, Unmet
from layerscope.report.escape import escape_line
from layerscope.report.facts.sheet import DEEP, INDENT, Cell, Sheet, slashed, tell, tell_path
from layerscope.report.places import root_path
from layerscope.rules.wording import tell_count, tell_size

KINDS: Final = {
    "system": "interpreter's own",
    "conda": "conda environment",
    "virtual": "virtual environment",
    "orphaned": "no interpreter here uses it",
}
_DRAWN: Final = (
    PythonEnvironment, Interpreter, Distribution, InstalledCondaPackage, Requirements, UnloadableExtensions,
)  # fmt: skip


def draw_python(sheet: Sheet) -> None:
    """Draw the family: the active environment first."""
    environments = sheet.facts.of(PythonEnvironment)
    for environment in sorted(environments, key=lambda each: not each.is_active):
        _draw_environment(sheet, environment)
    _draw_strays(sheet, environments)
    _draw_unmet(sheet)
    _draw_unloadable(sheet)
    sheet.rest(_DRAWN)


def _draw_environment(sheet: Sheet, environment: PythonEnvironment) -> None:
    """One environment: what it is, where it searches, what is installed."""
    page = sheet.page
    page.add_blank()
    title = tell_path(environment.place)
    title.append(f"  {KINDS.get(environment.kind) or escape_line(environment.kind)}", "muted")
    sheet.path(title, (", active", "good") if environment.is_active else "", indent=INDENT)
    words = [environment.python, environment.soabi, environment.libc, sheet.in_layer(environment.evidence.layer)]
    fields = Table.grid(padding=(0, 1, 0, 0))
    fields.add_column(style="label", no_wrap=True)
    fields.add_column(overflow="fold")
    fields.add_row("Python", tell(", ".join(filter(None, words))))
    if environment.kind == "virtual":
        base = tell_path(environment.interpreter) if environment.interpreter else Text("not in the image", "bad")
        fields.add_row("runs", slashed(base))
    for number, site in enumerate((*environment.sites, *environment.borrowed)):
        borrowed = ", of another environment" if site in environment.borrowed else ""
        fields.add_row("" if number else "searches", slashed(tell_path(site), (borrowed, "muted")))
    if environment.is_managed:
        fields.add_row("pip", Text("kept out by the operating system (EXTERNALLY-MANAGED)", "muted"))
    page.add(fields, indent=DEEP)
    found = [each for each in sheet.facts.of(Distribution) if each.environment == environment.place]
    _draw_distributions(sheet, found, environment.machine)
    _draw_conda(sheet, [each for each in sheet.facts.of(InstalledCondaPackage) if each.prefix == environment.prefix])


def _draw_distributions(sheet: Sheet, distributions: Sequence[Distribution], machine: str = "") -> None:
    """What is installed, the largest first."""
    if not distributions:
        return
    size = sum(each.size or 0 for each in distributions)
    at_least = sheet.page.symbols.at_least if any(each.size is None for each in distributions) else ""
    count = tell_count(len(distributions), "distribution")
    sheet.page.add_line(f"{count}, {at_least}{tell_size(size)}", indent=DEEP)
    ranked = sorted(distributions, key=lambda each: (-(each.size or 0), each.key))

    def row(each: Distribution) -> Sequence[Cell]:
        size = sheet.page.symbols.dash if each.size is None else tell_size(each.size)
        return size, tell(each.name), tell(each.version), sheet.layer(each.layer), _tell_tag(each, machine)

    sheet.table((">size", "name", "version", ">layer", "~wheel"), ranked, row, noun="distribution")


def _tell_tag(each: Distribution, machine: str) -> Text:
    """What kind of wheel it came from; how it was installed where there is no tag.

    The shortest of several tags is told, without the machine where that is the image's own.
    """
    if each.is_editable:
        return tell(f"editable, from {each.url}" if each.url else "editable")
    if not each.has_metadata:
        return Text("only a remnant is left", "doubt")
    tags = [tag for tag in each.tags if not tag.endswith("-none-any")]
    if not tags:
        return Text("any" if each.tags else each.installer and f"by {escape_line(each.installer)}", "muted")
    python, _, rest = min(tags, key=len).partition("-")
    abi, _, platform = rest.partition("-")
    return tell(
        " ".join(dict.fromkeys(part for part in (python, abi, platform.removesuffix(f"_{machine}")) if part != "none"))
    )


def _draw_conda(sheet: Sheet, packages: Sequence[InstalledCondaPackage]) -> None:
    """What conda installed, by name."""
    if not packages:
        return
    sheet.page.add_line(tell_count(len(packages), "conda package"), indent=DEEP)
    sheet.table(
        ("name", "~version", "~build", ">layer", "~channel"),
        sorted(packages, key=lambda each: each.name),
        lambda each: (
            tell(each.name),
            tell(each.version),
            tell(each.build),
            sheet.layer(each.layer),
            tell(each.channel),
        ),
        noun="package",
    )


def _draw_strays(sheet: Sheet, environments: Sequence[PythonEnvironment]) -> None:
    """What lies in environments that are left out, as those of the base image on request."""
    places = {environment.place for environment in environments}
    for place in sorted({each.environment for each in sheet.facts.of(Distribution)} - places):
        sheet.page.add_blank()
        sheet.path(tell_path(place), indent=INDENT)
        _draw_distributions(sheet, [each for each in sheet.facts.of(Distribution) if each.environment == place])


def _draw_unmet(sheet: Sheet) -> None:
    """Requirements that are not met: who requires what, and what is there."""
    rows = [(each, unmet) for each in sheet.facts.of(Requirements) for unmet in each.unmet]
    if not rows:
        return
    sheet.section("Requirements that are not met")

    def row(pair: tuple[Requirements, Unmet]) -> Sequence[Cell]:
        by, unmet = pair
        found = tell(unmet.found) if unmet.found else Text("nothing", "bad")
        if unmet.stand_in:
            found = tell(f"{unmet.stand_in} in its place")
        extra = f" (for its extra {unmet.extra})" if unmet.extra else ""
        return tell(f"{by.name} {by.version}{extra}"), tell(unmet.text), found, sheet.layer(by.layer)

    sheet.table(("~required by", "~required", "~found", ">layer"), rows, row, noun="requirement")


def _draw_unloadable(sheet: Sheet) -> None:
    """Extension modules whose tag the interpreter beside them does not look for."""
    extensions = sheet.facts.of(UnloadableExtensions)
    if not extensions:
        return
    sheet.section("Extension modules that their interpreter does not load")

    def row(each: UnloadableExtensions) -> Sequence[Cell]:
        package = each.distribution or each.package
        return tell(package), f"{each.count:,}", tell(each.tag), tell(each.wanted), sheet.layer(each.layer)

    columns = ("~package", ">modules", "~built for", "~interpreter wants", ">layer")
    sheet.table(columns, extensions, row, noun="package")
    for each in extensions[: sheet.page.context.limit]:
        sheet.note(f"{each.package}: {root_path(each.examples[0])}" if each.examples else each.package)
