"""Fixes that meet: what one does for another, so that both would be too many, and what excludes another.

Each is one function with its reason, and each has a pair of rules that offers such fixes. A new one is added to
`IMPLICATIONS` or `EXCLUSIONS`, to what `list_offers` and `list_needs` or `is_exclusive` tell of a fix, and to the tests
with the findings that bring it about.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from layerscope.fixes.steps import is_command, read_command
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind

Implication = Callable[[Fix, Sequence[Finding], Fix, Finding], str]
"""Says why a fix, planned for some findings, cures another finding too, whose own fix is given; nothing where not."""

Exclusion = Callable[[Fix, Fix], str]
"""Says why a fix cannot be taken beside another that is planned; nothing where it can."""

OPTIONAL: Final = ("Or", "Where ", "If ", "Until ", "On hosts ", "Builds that would do")
"""Openings of steps that need not be taken for the fix to work."""

DRIVER: Final = re.compile(r"Install driver ([\d.]+) or newer")
TORCH: Final = re.compile(r"\btorch\b.* --index-url \S*/([a-z0-9.]+)$")

BY_BUILDERS: Final = "Write the layer with a container builder"
"""How titles begin of fixes that have an engine make the layer."""

HAND_MADE: Final = frozenset({"LAY005", "LAY007", "LAY008", "LAY009"})
"""What no engine writes: data after the end, refused entries, a path twice, irregular entries."""

BLOB_FAULTS: Final = frozenset({"LAY003", "LAY004"})
"""Faults that a blob has where it is another than the manifest names: its size, its end."""

WASTE: Final = "LAY1"
"""How codes begin of findings about bytes that a layer ships needlessly."""

IN_OWN_STEP: Final = frozenset({"LAY101", "LAY103", "LAY104", "LAY202"})
"""Findings that are cured in the step of the lowest layer that they name."""


def find_base(fix: Fix) -> str:
    """The base image that a fix gives the final stage, as it is written; empty where it leaves that alone."""
    commands = map(read_command, fix.steps)
    return next((each for each in commands if each.startswith("FROM ") and " AS " not in each), "")


def _is_same_instruction(planned: Fix, _: Sequence[Finding], fix: Fix, __: Finding) -> str:
    """One line of LD_LIBRARY_PATH cures all that is wrong with the variable; one reinstallation a broken package.

    Edits of layers are told apart by what they leave out, and made by one command.
    """
    if fix.kind is FixKind.LAYER_EDIT:
        return ""
    commands = {read_command(step) for step in planned.steps}
    needed = [step for step in fix.steps if not step.startswith(OPTIONAL)]
    is_same = all(is_command(step) and read_command(step) in commands for step in needed)
    return "it is the same line" if needed and is_same else ""


def _needs_older_driver(planned: Fix, _: Sequence[Finding], fix: Fix, __: Finding) -> str:
    """A driver of a floor is one of every lower floor."""
    newer, older = DRIVER.match(planned.title), DRIVER.match(fix.title)
    if newer is None or older is None or _read_numbers(newer[1]) < _read_numbers(older[1]):
        return ""
    return f"driver {newer[1]} is no older than {older[1]}"


def _rebuilds_more(planned: Fix, _: Sequence[Finding], fix: Fix, __: Finding) -> str:
    """A build without any cache makes every layer anew; with --pull, those of the base image as well."""
    done = _read_build(planned)
    if "--no-cache" not in done or fix.kind is not FixKind.REBUILD:
        return ""
    wanted = _read_build(fix) - {"--no-cache", "--no-cache-filter"}
    is_fetch = any("docker pull" in step for step in fix.steps[:1])
    wanted = wanted | {"--pull"} if is_fetch else wanted
    return "every layer is built anew" if (_read_build(fix) or is_fetch) and wanted <= done else ""


def _fetches_blob(planned: Fix, cured: Sequence[Finding], _: Fix, finding: Finding) -> str:
    """A blob that is another than it should be has the wrong size and the wrong end for the same reason."""
    layers = _list_layers(each for each in cured if each.code == "LAY001")
    is_same = finding.code in BLOB_FAULTS and _list_layers([finding]) <= layers
    return "that layer's blob is fetched anew" if is_same and planned.kind is FixKind.REBUILD else ""


def _writes_layer(planned: Fix, cured: Sequence[Finding], _: Fix, finding: Finding) -> str:
    """An engine that makes a layer leaves nothing of how it was written before."""
    is_same = finding.code in HAND_MADE and _list_layers([finding]) <= _list_layers(cured)
    return "an engine writes no such layer" if is_same and planned.title.startswith(BY_BUILDERS) else ""


def _moves_package_lists(_: Fix, cured: Sequence[Finding], __: Fix, finding: Finding) -> str:
    """Lists that a step of its own fetches go with the step; removed in it, they are not there to install from."""
    moved = {place for each in cured if each.code == "LAY202" for place in each.locations if place.path}
    if finding.code != "LAY104" or not moved.issuperset(finding.locations):
        return ""
    return "the step that installs fetches and removes them then, and could not install if they went before"


def _changes_lower_step(planned: Fix, cured: Sequence[Finding], _: Fix, finding: Finding) -> str:
    """A builder takes no step from its cache that lies above a changed one."""
    changed = _list_layers(each for each in cured if each.code in IN_OWN_STEP)
    stale = _list_layers([finding])
    if finding.code != "LAY201" or planned.kind is not FixKind.DOCKERFILE_EDIT or not changed or not stale:
        return ""
    lowest = min(changed)
    return f"layer {lowest} is changed, so that all from there on are built anew" if lowest <= min(stale) else ""


def _names_other_base(planned: Fix, fix: Fix) -> str:
    """A stage has one base image."""
    one, other = find_base(planned), find_base(fix)
    if not one or not other or one == other:
        return ""
    return "the final stage has one base image; choose one that does both, or audit again with the one that is planned"


def _names_other_torch(planned: Fix, fix: Fix) -> str:
    """An environment has one PyTorch."""
    one, other = _find_torch(planned), _find_torch(fix)
    if not one or not other or one == other:
        return ""
    return f"an environment has one PyTorch, and {one} is planned; where both are needed, build two images"


IMPLICATIONS: Final[tuple[Implication, ...]] = (
    _is_same_instruction,
    _needs_older_driver,
    _rebuilds_more,
    _fetches_blob,
    _writes_layer,
    _moves_package_lists,
    _changes_lower_step,
)
EXCLUSIONS: Final[tuple[Exclusion, ...]] = (_names_other_base, _names_other_torch)


def tell_implied(planned: Fix, cured: Sequence[Finding], fix: Fix, finding: Finding) -> str:
    """Why a fix that is planned for some findings makes the own fix of another finding needless; empty where not."""
    return next(filter(None, (imply(planned, cured, fix, finding) for imply in IMPLICATIONS)), "")


def tell_excluded(planned: Fix, fix: Fix) -> str:
    """Why a fix cannot be taken beside one that is planned; empty where it can."""
    return next(filter(None, (exclude(planned, fix) for exclude in EXCLUSIONS)), "")


def tell_replaced(planned: Fix, finding: Finding, *, base_layers: int) -> str:
    """Why waste in the base image's layers is not worth a change beside a fix that takes another base; empty if not."""
    layers = _list_layers([finding])
    is_of_base = bool(layers) and max(layers) < base_layers and finding.code.startswith(WASTE)
    return (
        "it lies in the base image, which is another one then; audit again" if is_of_base and find_base(planned) else ""
    )


def list_offers(fix: Fix, codes: Collection[str]) -> set[str]:
    """By what a fix, planned for findings with these codes, may make another needless: words that `list_needs` has.

    Only fixes with a word in common are compared, since there may be thousands.
    """
    offers = {read_command(step) for step in fix.steps}
    tests = {
        "driver": DRIVER.match(fix.title) is not None,
        "rebuild": "--no-cache" in _read_build(fix),
        "blob": "LAY001" in codes,
        "layer": fix.title.startswith(BY_BUILDERS),
        "lists": "LAY202" in codes,
        "step": not IN_OWN_STEP.isdisjoint(codes),
    }
    return offers | {word for word, is_offered in tests.items() if is_offered}


def list_needs(fix: Fix, codes: Collection[str]) -> set[str]:
    """By what another fix may make this one needless, which is planned for findings with these codes."""
    needs = {read_command(step) for step in fix.steps[:1] if is_command(step)}
    tests = {
        "driver": DRIVER.match(fix.title) is not None,
        "rebuild": fix.kind is FixKind.REBUILD,
        "blob": not BLOB_FAULTS.isdisjoint(codes),
        "layer": not HAND_MADE.isdisjoint(codes),
        "lists": "LAY104" in codes,
        "step": "LAY201" in codes,
    }
    return needs | {word for word, is_needed in tests.items() if is_needed}


def is_exclusive(fix: Fix) -> bool:
    """Whether a fix may exclude another, or be excluded by one."""
    return bool(find_base(fix) or _find_torch(fix))


def _read_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)


def _read_build(fix: Fix) -> frozenset[str]:
    """The options that its first step gives `docker build`, of those that say what is built anew."""
    words = read_command(fix.steps[0]).split() if fix.steps else []
    if words[:2] != ["docker", "build"]:
        return frozenset()
    return frozenset(words) & {"--no-cache", "--no-cache-filter", "--pull"}


def _list_layers(findings: Iterable[Finding]) -> set[int]:
    return {place.layer for finding in findings for place in finding.locations if place.layer is not None}


def _find_torch(fix: Fix) -> str:
    """The index that the first step installs PyTorch from."""
    match = TORCH.search(read_command(fix.steps[0])) if fix.steps else None
    return match[1] if match else ""
