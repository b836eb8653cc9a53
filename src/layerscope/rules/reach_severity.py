"""How much harm a fault of an object does, by who loads it; shared by the rules on ELF objects."""

from collections.abc import Iterable
from typing import Final

from layerscope.facts.elf.reach import Reach
from layerscope.facts.elf.roots import RootKind, find_site
from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_list, tell_path

_FRAMEWORKS: Final = {
    "torch": "torch/_C.",
    "tensorflow": "tensorflow/python/_pywrap_tensorflow",
    "jaxlib": "jaxlib/",
    "onnxruntime": "onnxruntime/capi/onnxruntime_pybind11_state.",
    "vllm": "vllm/_C.",
}
"""Modules without which a framework is of no use, by how their paths in the site directory begin."""


def judge_reach(reach: Reach) -> Severity:
    """The severity of a fault that ends the start or the import of all that load an object.

    Without its entrypoint a container does not start; modules that a package consists of are what an image is for.
    Programs on the PATH may never be started; modules deep in a package, or built for several versions of something,
    may never be imported; modules of Python's own library fail in slim images by design.
    """
    if reach.kind is RootKind.ENTRY:
        return Severity.CRITICAL
    if reach.kind is RootKind.EXTENSION and not reach.is_variant:
        return Severity.HIGH if reach.is_central else Severity.MEDIUM
    return Severity.MEDIUM if reach.kind is RootKind.PROGRAM else Severity.LOW


def judge_certain(reach: Reach, facts: FactSet) -> Severity:
    """The severity where no doubt is left that the object fails: an image without its framework is of no use."""
    return Severity.CRITICAL if ends_framework(reach, facts) else judge_reach(reach)


def ends_framework(reach: Reach, facts: FactSet) -> bool:
    """Whether the import of a framework fails in the environment that the container's process uses."""
    if reach.kind is not RootKind.EXTENSION or reach.is_variant or reach.package not in _FRAMEWORKS:
        return False
    sites = {site for each in facts.of(PythonEnvironment) if each.is_active for site in (*each.sites, *each.borrowed)}
    return any(
        find_site(root) in sites and root[len(find_site(root)) + 1 :].startswith(_FRAMEWORKS[reach.package])
        for root in reach.roots
    )


def judge_need(need: UnmetNeed, facts: FactSet) -> Severity:
    """The reach decides; a package of which only a small part fails, or that brings the library, works without.

    A library that was there and that a later step took away leaves no doubt, and weighs one step more.
    """
    severity = judge_certain(need.reach, facts)
    if need.removed_by is not None:
        return Severity(min(severity + 1, Severity.CRITICAL))
    if need.is_bundled:
        return min(severity, Severity.LOW)
    is_minor = need.failing * 2 < need.modules and not ends_framework(need.reach, facts)
    return min(severity, Severity.MEDIUM) if is_minor else severity


def find_concerned(reaches: Iterable[Reach]) -> tuple[str, ...] | None:
    """Whom a fault concerns that ends a start or an import: all of the image, the importing packages, or nobody."""
    concerned: list[str] = []
    for reach in reaches:
        if reach.kind is RootKind.ENTRY:
            return ()
        if reach.kind is RootKind.EXTENSION:
            concerned += reach.roots
    return tuple(dict.fromkeys(concerned)) or None


def tell_brief(reach: Reach) -> str:
    """Who fails, in a few words: `import torch fails`."""
    if reach.kind is RootKind.EXTENSION and reach.package:
        return f"import {reach.package} fails"
    return f"the {'entrypoint' if reach.kind is RootKind.ENTRY else 'program'} {tell_path(reach.roots[0])} fails"


def tell_users(reaches: Iterable[Reach]) -> str:
    """Who loads several objects, each once and short, in their order: `import torch, import cv2 and /usr/bin/apt`."""
    return tell_list(dict.fromkeys(map(tell_user, reaches)))


def tell_user(reach: Reach) -> str:
    """Who loads an object first, in a few words."""
    if reach.kind is RootKind.EXTENSION and reach.package:
        return f"import {reach.package}"
    name = tell_path(reach.roots[0])
    return f"the entrypoint {name}" if reach.kind is RootKind.ENTRY else name


def tell_reach(reach: Reach) -> str:
    """Who loads the object, as the subject of a sentence: `the entrypoint /app/serve`, `import torch`."""
    first = tell_path(reach.roots[0])
    if reach.kind is RootKind.EXTENSION and reach.package:
        subject = f"import {reach.package} ({first})"
    elif reach.kind in {RootKind.EXTENSION, RootKind.STANDARD_MODULE}:
        subject = f"the import of {first}"
    elif reach.kind is RootKind.ENTRY:
        subject = f"the entrypoint {first}"
    else:
        subject = f"the program {first}"
    others = reach.count - 1
    return f"{subject} and {tell_count(others, 'other')}" if others else subject


def tell_failing(reach: Reach) -> str:
    """The same with its verb: `import torch (…) and 2 others fail`."""
    return f"{tell_reach(reach)} {'fail' if reach.count > 1 else 'fails'}"


def tell_chain(reach: Reach) -> str:
    """The way from the root to the object, where it has steps between; else nothing."""
    if len(reach.chain) <= 1:
        return ""
    return " by way of " + " > ".join(path.rpartition("/")[2] for path in reach.chain)
