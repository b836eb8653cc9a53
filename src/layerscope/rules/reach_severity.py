"""How much harm a fault of an object does, by who loads it; shared by the rules on ELF objects."""

from layerscope.facts.elf.reach import Reach
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_path


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


def judge_need(need: UnmetNeed) -> Severity:
    """The reach decides; a package of which only a small part fails, or that brings the library, works without.

    A library that was there and that a later step took away leaves no doubt, and weighs one step more.
    """
    severity = judge_reach(need.reach)
    if need.removed_by is not None:
        return Severity(min(severity + 1, Severity.CRITICAL))
    if need.is_bundled:
        return min(severity, Severity.LOW)
    is_minor = need.failing * 2 < need.modules
    return min(severity, Severity.MEDIUM) if is_minor else severity


def find_concerned(reach: Reach) -> tuple[str, ...] | None:
    """Whom a fault concerns that ends a start or an import: all of the image, the importing packages, or nobody."""
    if reach.kind is RootKind.ENTRY:
        return ()
    return reach.roots if reach.kind is RootKind.EXTENSION else None


def tell_brief(reach: Reach) -> str:
    """Who fails, in a few words: `import torch fails`."""
    if reach.kind is RootKind.EXTENSION and reach.package:
        return f"import {reach.package} fails"
    return f"the {'entrypoint' if reach.kind is RootKind.ENTRY else 'program'} {tell_path(reach.roots[0])} fails"


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
