"""ELF010 openssl-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.duplicate_libraries import DuplicateLibrary, LibraryCopy
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.openssl_mismatch import OpensslMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import MODULE, place
from support.python_facts import ENVIRONMENT

OLD = LibraryCopy(place("a/libssl.so.1.1"), "libssl.so.1.1", 1000, "", 1)
NEW = LibraryCopy(place("b/libssl.so.3"), "libssl.so.3", 1000, "", 1)
BOTH = DuplicateLibrary(
    Evidence(1), "OpenSSL", (OLD, NEW), ("a/libssl.so.1.1", "b/libssl.so.3"), MODULE, is_one_root=True, required=""
)


def test_flags_two_versions_in_one_process() -> None:
    """Less where they may never be imported together."""
    (finding,) = flags(OpensslMismatch, BOTH)
    assert finding.message == f"/{MODULE} loads libssl.so.1.1 and libssl.so.3: /a/libssl.so.1.1 and /b/libssl.so.3"
    assert finding.severity is Severity.MEDIUM
    assert flags(OpensslMismatch, replace(BOTH, is_one_root=False))[0].severity is Severity.LOW


def test_ignores_two_copies_of_one_version() -> None:
    """The first that is loaded serves both."""
    ignores(OpensslMismatch, replace(BOTH, copies=(replace(OLD, soname="libssl.so.3"), NEW)))
    ignores(OpensslMismatch, replace(BOTH, together=()))


def test_the_cure_names_the_environment_that_brings_the_older_one() -> None:
    """By the pip of that Python; a copy of the system's is no matter of pip."""
    (finding,) = flags(OpensslMismatch, BOTH)
    assert finding.fixes[0].steps == (
        "Install a release of the program that is linked to a newer libssl than /a/libssl.so.1.1",
    )
    environment = replace(ENVIRONMENT, sites=("a",))
    (finding,) = flags(OpensslMismatch, BOTH, environment)
    assert finding.fixes[0].steps == (
        "RUN /opt/venv/bin/python -m pip install --upgrade …   the package that brings /a/libssl.so.1.1",
    )
