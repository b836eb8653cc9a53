"""ELF010: one process loads two OpenSSLs."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.duplicate_libraries import DuplicateLibrary, LibraryCopy
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_at
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list, tell_path


class OpensslMismatch(Rule):
    """One process loads two versions of OpenSSL.

    What it checks: Whether one program, or the modules of one Python environment, come to load libssl under two
        SONAMEs (`libssl.so.1.1` and `libssl.so.3`).
    Why it matters: Both define the same names, and whoever comes first serves both: handshakes fail, certificates are
        not found, processes crash in `SSL_CTX_new`. One of them no longer gets security updates.
    Example: A wheel that brings libssl 1.1 beside a Python that was linked to the system's libssl 3.
    Remedy: One OpenSSL: a newer release of the package, or the system's library.
    Fix safety: Review: the older package may not exist for the newer OpenSSL.
    Blind spots: OpenSSL that is linked into a module (cryptography) does not show. Which modules are imported together
        is not known, so that an environment is taken as one process.
    References: OpenSSL, "Migration guide" (ossl-guide-migration); psycopg documentation, "binary packages".
    """

    code: ClassVar[str] = "ELF010"
    covers: ClassVar[tuple[int, ...]] = (22,)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (DuplicateLibrary, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        for fact in facts.of(DuplicateLibrary):
            copies = [copy for copy in fact.copies if copy.place.path in fact.together]
            sonames = sorted({copy.soname for copy in copies})
            if fact.family != "OpenSSL" or len(sonames) < 2:  # noqa: PLR2004 - two are the first mismatch
                continue
            subject = (
                tell_path(fact.process) if fact.is_one_root else f"Python with the modules in {tell_path(fact.process)}"
            )
            message = (
                f"{subject} loads {tell_list(sonames)}: {tell_list(tell_path(copy.place.path) for copy in copies)}"
            )
            fix = Fix("Keep one OpenSSL", (_tell_step(facts, min(copies, key=lambda copy: copy.soname)),))
            severity = Severity.MEDIUM if fact.is_one_root else self.severity
            places = [Evidence(layer=copy.place.layer, path=copy.place.path) for copy in copies]
            yield self.finding(message, *places, severity=severity, fixes=(fix,))


def _tell_step(facts: FactSet, oldest: LibraryCopy) -> str:
    """Where the older copy came with a Python package, that package; else what was linked to it."""
    path = oldest.place.path
    if any(path.startswith(f"{site}/") for each in facts.of(PythonEnvironment) for site in each.sites):
        return f"RUN {tell_pip_at(facts, path)} --upgrade …   the package that brings {tell_path(path)}"
    return f"Install a release of the program that is linked to a newer libssl than {tell_path(path)}"
