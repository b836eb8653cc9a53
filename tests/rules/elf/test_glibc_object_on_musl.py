"""ELF009 glibc-object-on-musl: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.foreign_objects import GlibcModules
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.glibc_object_on_musl import GlibcObjectOnMusl
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import MODULE, place
from support.python_facts import WHEEL
from support.sample_facts import PROOF


def test_flags_a_package_that_musl_cannot_import() -> None:
    """With its layer."""
    fact = GlibcModules(Evidence(1, MODULE), "torch", 2, (place(MODULE),), "usr/bin/python3.12")
    (finding,) = flags(GlibcObjectOnMusl, fact)
    assert finding.message == (
        f"2 modules of torch (such as /{MODULE}, from layer 1 (RUN pip install torch)) are made for glibc, "
        "and /usr/bin/python3.12 has musl"
    )
    assert finding.severity is Severity.HIGH


def test_ignores_an_image_without_such_modules() -> None:
    """There is no fact then."""
    ignores(GlibcObjectOnMusl, PROOF)


def test_leaves_packages_to_the_rule_that_reads_their_tags() -> None:
    """The same fault is told once."""
    fact = GlibcModules(Evidence(1, MODULE), "torch", 2, (place(MODULE),), "usr/bin/python3.12")
    ignores(GlibcObjectOnMusl, fact, replace(WHEEL, name="torch", reason="libc"))
    flags(GlibcObjectOnMusl, fact, replace(WHEEL, name="torch"))
