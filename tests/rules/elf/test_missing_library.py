"""ELF001 missing-library: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.framework import Build
from layerscope.facts.elf.foreign_objects import GlibcModules
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.unmet_needs import UnreachedNeed
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.missing_library import MissingLibrary
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.elf_facts import ACTIVE, MODULE, NEED, SITE, place, reach
from support.gpu_facts import torch as torch_for
from support.package_facts import LIBRARY
from support.python_facts import ENVIRONMENT, MISSING
from support.sample_facts import DAMAGED, PROOF

REMOVED = replace(
    NEED, removed_by=3, removed_path="a/libx.so.1", removed_instruction="RUN rm a/libx.so.1", elsewhere=()
)
UNREACHED = UnreachedNeed(Evidence(1, "opt/p.so"), "libmpi.so.40", 1, place("opt/p.so"))


def test_flags_what_a_package_cannot_be_imported_without() -> None:
    """With what would install it, where that is known."""
    (finding,) = flags(MissingLibrary, replace(NEED, needed="libGL.so.1"))
    assert finding.message == (
        f"Import torch (/{MODULE}) fails: _C.abi3.so needs libGL.so.1, which is not in the image "
        "(needed since layer 1 (RUN pip install torch))"
    )
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.HIGH)
    assert finding.fixes[0].steps[0].endswith("libgl1")


def test_tells_the_layer_that_removed_it_first() -> None:
    """And the way from the module to the object that asks."""
    chain = (MODULE, "a/libtorch_cuda.so")
    need = replace(REMOVED, reach=reach(chain=chain), place=place(chain[1]))
    (finding,) = flags(MissingLibrary, need)
    assert "by way of _C.abi3.so > libtorch_cuda.so: libtorch_cuda.so needs libx.so.1" in finding.message
    assert finding.message.endswith("which was removed from /a by a later step")
    assert (finding.locations[0].layer, finding.locations[0].path) == (3, "a/libx.so.1")


def test_brings_a_removed_library_back_with_what_it_came_with() -> None:
    """A distribution of Python, or a package of the system."""
    wheel = replace(MISSING, missing_examples=("a/libx.so.1",))
    (finding,) = flags(MissingLibrary, REMOVED, wheel, ENVIRONMENT)
    assert finding.fixes[0].steps == (
        "Drop layer 3 (RUN rm a/libx.so.1)",
        "Or bring it back: RUN /opt/venv/bin/python -m pip install --force-reinstall --no-deps acme==1.0",
    )
    (finding,) = flags(MissingLibrary, REMOVED, replace(LIBRARY, paths=("a/libx.so.1",)))
    assert "apt-get install -y --reinstall libgomp1" in finding.fixes[0].steps[1]
    (finding,) = flags(MissingLibrary, REMOVED, LIBRARY, MISSING)
    assert len(finding.fixes[0].steps) == 1
    (finding,) = flags(MissingLibrary, replace(REMOVED, removed_instruction="RUN ./slim.sh"))
    assert finding.fixes[0].steps == ("Take out of what layer 3 (RUN ./slim.sh) deletes: /a/libx.so.1",)


def test_tells_all_that_one_package_lacks_at_once() -> None:
    """The names and their askers, each once."""
    other = replace(NEED, needed="libcudart.so.12", place=place("a/libb.so"))
    (finding,) = flags(MissingLibrary, NEED, other)
    assert "_C.abi3.so and libb.so need libx.so.1 and libcudart.so.12; libx.so.1 is not in the image" in finding.message
    assert finding.fixes[0].steps[0] == "RUN python3 -m pip install nvidia-cuda-runtime-cu12"


def test_keeps_objects_of_a_package_that_have_nothing_in_common_apart() -> None:
    """What the package's own modules need goes before what a program beside them needs."""
    program = f"{SITE}/torch/bin/test"
    test = replace(NEED, needed="libgtest.so", place=place(program), reach=reach(program, is_central=False))
    library = replace(NEED, place=place("a/libtorch_cpu.so"), reach=reach(count=5))
    first, second = flags(MissingLibrary, NEED, test, library)
    assert "libtorch_cpu.so and _C.abi3.so need libx.so.1" in first.message
    assert "test needs libgtest.so" in second.message


def test_tells_a_library_that_many_programs_miss_once() -> None:
    """The one with most harm by its chain, the others by name."""
    programs = [
        replace(NEED, place=place(path), reach=reach(path, RootKind.PROGRAM)) for path in ("bin/a", "bin/b", "bin/c")
    ]
    (finding,) = flags(MissingLibrary, *programs, NEED)
    assert finding.message.startswith(f"Import torch (/{MODULE}) fails: _C.abi3.so, a, b and 1 more need libx.so.1")
    assert finding.message.endswith("; so do /bin/a, /bin/b and /bin/c")


def test_what_ends_the_import_of_a_framework_in_use_is_critical() -> None:
    """In other environments, and for modules that torch tries, it stays high."""
    cases = [
        (NEED, ACTIVE, Severity.CRITICAL),
        (replace(NEED, modules=10), ACTIVE, Severity.CRITICAL),
        (NEED, replace(ACTIVE, is_active=False), Severity.HIGH),
        (replace(NEED, reach=reach(package="numpy")), ACTIVE, Severity.HIGH),
        (replace(NEED, reach=reach(f"{SITE}/torch/_extra.so")), ACTIVE, Severity.HIGH),
    ]
    assert [flags(MissingLibrary, *facts)[0].severity for *facts, _ in cases] == [each for *_, each in cases]


def test_severity_follows_who_needs_it() -> None:
    """The entrypoint first; parts of a package, variants and what a package brings itself weigh less."""
    program = reach("usr/bin/app", RootKind.PROGRAM)
    cases = [
        (replace(NEED, reach=reach("usr/bin/app", RootKind.ENTRY)), Severity.CRITICAL),
        (replace(NEED, reach=program), Severity.MEDIUM),
        (replace(NEED, reach=reach("opt/app", RootKind.OTHER_PROGRAM)), Severity.LOW),
        (replace(NEED, reach=reach(kind=RootKind.STANDARD_MODULE)), Severity.LOW),
        (replace(NEED, reach=reach(is_central=False)), Severity.MEDIUM),
        (replace(NEED, reach=reach(is_variant=True)), Severity.LOW),
        (replace(NEED, is_bundled=True, elsewhere=("a/libx.so.1",)), Severity.LOW),
        (replace(NEED, modules=10), Severity.MEDIUM),
        (replace(NEED, modules=10, removed_by=2, removed_path="a"), Severity.CRITICAL),
        (replace(NEED, reach=program, removed_by=2, removed_path="a"), Severity.HIGH),
    ]
    assert [flags(MissingLibrary, need)[0].severity for need, _ in cases] == [severity for _, severity in cases]


def test_says_how_a_library_that_is_there_can_be_found() -> None:
    """By the cache, or by the configuration."""
    (uncached,) = flags(MissingLibrary, replace(NEED, is_uncached=True, elsewhere=("opt/libx.so.1",)))
    assert uncached.fixes[0].steps[0].startswith("RUN ldconfig")
    (elsewhere,) = flags(MissingLibrary, replace(NEED, elsewhere=("opt/libx.so.1",)))
    assert "echo /opt > /etc/ld.so.conf.d" in elsewhere.fixes[0].steps[0]
    (unusable,) = flags(MissingLibrary, replace(NEED, unusable="lib/libx.so.1"))
    assert "is found at /lib/libx.so.1, which is no object" in unusable.message


def test_plugins_out_of_reach_are_for_information() -> None:
    """All in one finding."""
    (finding,) = flags(MissingLibrary, UNREACHED, replace(UNREACHED, needed="libx.so"))
    assert len(finding.locations) == 1
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LOW)


def test_ignores_what_may_lie_in_a_layer_that_could_not_be_read() -> None:
    """And an image in which all is there."""
    ignores(MissingLibrary, DAMAGED, NEED, UNREACHED)
    ignores(MissingLibrary, PROOF)


def test_leaves_packages_to_the_rules_that_tell_why_nothing_fits() -> None:
    """For another C library, and with no CUDA in the image; a library that a layer removed is told all the same."""
    glibc = GlibcModules(Evidence(1, MODULE), "torch", 2, (place(MODULE),), "usr/bin/python3.12")
    torch = replace(torch_for("12.8"), build=Build.CUDA)
    runtime = replace(NEED, needed="libcudart.so.12")
    for cause in (glibc, torch):
        ignores(MissingLibrary, runtime, cause)
        flags(MissingLibrary, replace(runtime, removed_by=3, removed_path="a/libcudart.so.12"), cause)
        flags(MissingLibrary, replace(runtime, reach=reach(package="numpy")), cause)
    ignores(MissingLibrary, NEED, glibc)
    flags(MissingLibrary, NEED, torch)
