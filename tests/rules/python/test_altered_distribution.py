"""PY004 altered-distribution: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.python.altered_distribution import AlteredDistribution
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.elf_facts import NEED
from support.python_facts import ENVIRONMENT, MISSING, SITE
from support.sample_facts import DAMAGED

ALTERED = replace(
    MISSING,
    missing=0,
    missing_code=0,
    missing_examples=(),
    missing_by=None,
    altered=1,
    altered_code=1,
    altered_examples=(f"{SITE}/acme/__init__.py",),
    altered_by=4,
    altered_instruction="RUN sed -i s/a/b/ __init__.py",
)


def test_flags_missing_code_with_the_step_that_removed_it() -> None:
    """An import will fail."""
    (finding,) = flags(AlteredDistribution, ENVIRONMENT, MISSING)
    assert finding.message == (
        f"acme 1.0 misses 1 module or library of the 10 files it installed: /{SITE}/acme/_c.so; "
        "removed by layer 3 (RUN find / -size +1M -delete)"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps[0].endswith("--force-reinstall --no-deps acme==1.0")


def test_altered_code_is_medium_and_stripped_code_low() -> None:
    """It may be meant so."""
    (finding,) = flags(AlteredDistribution, ENVIRONMENT, ALTERED)
    assert finding.message.endswith("written by layer 4 (RUN sed -i s/a/b/ __init__.py)")
    assert finding.severity is Severity.MEDIUM
    stripped = replace(ALTERED, altered_instruction="RUN find / -name '*.so' | xargs strip")
    (finding,) = flags(AlteredDistribution, ENVIRONMENT, stripped)
    assert finding.severity is Severity.LOW


def test_ignores_tests_data_and_what_conda_rewrote() -> None:
    """Nothing needs them, or the change is conda's own."""
    ignores(AlteredDistribution, ENVIRONMENT, replace(MISSING, missing_code=0))
    ignores(AlteredDistribution, ENVIRONMENT, replace(ALTERED, installer="conda"))


def test_ignores_missing_code_that_may_lie_in_an_unread_layer() -> None:
    """Altered code is there to be seen."""
    ignores(AlteredDistribution, ENVIRONMENT, DAMAGED, MISSING)
    flags(AlteredDistribution, ENVIRONMENT, DAMAGED, ALTERED)


def test_leaves_removed_libraries_to_the_finding_that_tells_what_fails() -> None:
    """What else is missing still counts, for less."""
    told = replace(NEED, removed_by=3, removed_path=f"{SITE}/acme/_c.so")
    ignores(AlteredDistribution, ENVIRONMENT, MISSING, told)
    (finding,) = flags(AlteredDistribution, ENVIRONMENT, replace(MISSING, missing_code=5), told)
    assert finding.severity is Severity.MEDIUM


def test_a_library_that_is_found_elsewhere_is_a_small_matter() -> None:
    """Another copy serves all that need it."""
    library = f"{SITE}/torch/lib/libgomp.so.1"
    gone = replace(MISSING, missing=1, missing_code=1, missing_examples=(library,))
    (finding,) = flags(AlteredDistribution, ENVIRONMENT, replace(gone, found_elsewhere=(library,)))
    assert finding.severity is Severity.LOW
    assert "; the loader finds another libgomp.so.1; removed by" in finding.message
    (finding,) = flags(AlteredDistribution, ENVIRONMENT, gone)
    assert finding.severity is Severity.HIGH
