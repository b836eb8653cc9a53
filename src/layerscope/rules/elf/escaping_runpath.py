"""ELF012: an object's own search path leads to where others may put libraries."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.unsafe_search_paths import UnsafeSearchPath
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_path

_MEANINGS: Final = {
    "relative": "which depends on the folder that the program starts in",
    "empty": "which is the folder that the program starts in",
    "writable": "where any user may write",
}


class EscapingRunpath(Rule):
    """An object's own search path leads to where others may put libraries.

    What it checks: No entry of an RPATH or RUNPATH is empty, relative, or below a folder that every user may write
        (`/tmp`, or by its mode); an entry that begins with `$ORIGIN` is none of these.
    Why it matters: Who can write there decides which code the program runs; for a set-uid program that is a way to
        become root, although glibc looks away from the worst of it. Even without an attacker, the program loads
        another library when it is started elsewhere.
    Example: A library linked with `-rpath /tmp/build/lib` and copied to the final stage; a RUNPATH that ends with a
        colon, as those of some NVIDIA libraries do.
    Remedy: Link with `-rpath '$ORIGIN/../lib'`, or correct the entry with patchelf.
    Fix safety: Review: what is found by the entry now has to be found otherwise.
    Blind spots: Owners and access lists of folders are not judged, nor what a volume brings.
    References: ld.so(8), "Dynamic string tokens"; CWE-426.
    """

    code: ClassVar[str] = "ELF012"
    covers: ClassVar[tuple[int, ...]] = (69,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (UnsafeSearchPath,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each entry and layer."""
        for fact in facts.of(UnsafeSearchPath):
            first = fact.examples[0]
            entry = f"the {fact.tag} entry {fact.entry}" if fact.entry else f"an empty {fact.tag} entry"
            verb = "has" if fact.objects == 1 else "have"
            message = (
                f"{tell_count(fact.objects, 'object')} of {tell_layer(first.layer, first.instruction)} {verb} {entry}, "
                f"{_MEANINGS[fact.kind]} (such as {tell_path(first.path)})"
            )
            fix = Fix(
                "Keep the search path inside the package",
                (f"RUN patchelf --set-rpath '$ORIGIN' {tell_path(first.path)}   or link with -rpath '$ORIGIN/…'",),
            )
            places = [Evidence(layer=place.layer, path=place.path) for place in fact.examples]
            yield self.finding(begin(message), *places, severity=_judge(fact), fixes=(fix,))


def _judge(fact: UnsafeSearchPath) -> Severity:
    """Privileges make it a hole; an empty entry at the end of many wheels' paths is a blemish."""
    if fact.has_privileges:
        return Severity.HIGH if fact.kind == "writable" else Severity.MEDIUM
    return Severity.INFO if fact.kind == "empty" else Severity.LOW
