"""PY001 unmet-requirement: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.python.requirements import Requirements, Unmet
from layerscope.rules.build_edit import AskTogether
from layerscope.rules.python.unmet_requirement import UnmetRequirement
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import torch as torch_for
from support.python_facts import DISTRIBUTION, ENVIRONMENT, OLD_NUMPY, SITE
from support.sample_facts import DAMAGED

NUMPY = Unmet(
    key="numpy",
    text="numpy<2",
    specifier="<2",
    found="2.1.0",
    extra="",
    stand_in="",
    found_place=Evidence(3, f"{SITE}/numpy-2.1.0.dist-info"),
    found_by="RUN pip install -U numpy",
)
MISSING = replace(NUMPY, key="six", text="six", specifier="", found="", found_place=None, found_by="")


def requires(*unmet: Unmet, is_compiled: bool = True, is_of_system: bool = False) -> Requirements:
    """A distribution with these among its requirements, and three that are met."""
    return Requirements(
        evidence=Evidence(2, f"{SITE}/acme-1.0.dist-info"),
        environment="opt/venv",
        key="acme",
        name="acme",
        version="1.0",
        layer=2,
        instruction="RUN pip install acme",
        met=3,
        unmet=unmet,
        is_compiled=is_compiled,
        is_of_system=is_of_system,
    )


def test_tells_required_and_found_with_the_step_that_changed_it() -> None:
    """The worst comes first; both places are named, and one command installs both."""
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(MISSING, NUMPY))
    assert finding.message == (
        "acme 1.0 requires numpy<2 (found 2.1.0, from: RUN pip install -U numpy) and six (not installed), "
        "in Python 3.11.9 in /opt/venv"
    )
    assert finding.severity is Severity.HIGH
    assert [location.layer for location in finding.locations] == [3, 2]
    assert finding.fixes[0].steps == (
        "RUN /opt/venv/bin/python -m pip install acme==1.0 'numpy<2' six",
        "RUN /opt/venv/bin/python -m pip check",
    )


@pytest.mark.parametrize(
    ("key", "specifier", "found", "severity"),
    [
        ("torch", "==2.8.0", "2.9.1", Severity.HIGH),
        ("torch", "==2.8.0", "2.8.1", Severity.MEDIUM),
        ("nvidia-cudnn-cu12", "==9.1.0.70", "9.10.2.21", Severity.MEDIUM),
        ("nvidia-cudnn-cu12", "==9.1.0.70", "8.9.2.26", Severity.HIGH),
        ("numpy", "<1.28,>=1.21", "2.0.0", Severity.HIGH),
        ("numpy", "==1.*", "2.0.0", Severity.HIGH),
        ("numpy", "<2", "nonsense", Severity.MEDIUM),
        ("protobuf", "<5", "6.1", Severity.MEDIUM),
        ("numpy", ">=2", "1.26.4", Severity.MEDIUM),
    ],
)
def test_high_is_where_machine_code_breaks(key: str, specifier: str, found: str, severity: Severity) -> None:
    """A pin to another minor version, or a major version beyond NumPy's or torch's bound."""
    unmet = replace(NUMPY, key=key, text=f"{key}{specifier}", specifier=specifier, found=found)
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(unmet))
    assert finding.severity is severity


def test_pure_code_and_missing_distributions_are_medium() -> None:
    """They may never be imported."""
    for fact in (requires(NUMPY, is_compiled=False), requires(MISSING)):
        (finding,) = flags(UnmetRequirement, ENVIRONMENT, fact)
        assert finding.severity is Severity.MEDIUM


def test_stand_ins_and_the_systems_own_are_low() -> None:
    """The package is there under another name; and distributions of Debian are Debian's to answer for."""
    stand_in = replace(MISSING, text="opencv-python", stand_in="opencv-python-headless 4.9")
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(stand_in))
    assert (finding.severity, "but opencv-python-headless 4.9 is" in finding.message) == (Severity.LOW, True)
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(MISSING, is_of_system=True))
    assert finding.severity is Severity.LOW


def test_names_the_extra() -> None:
    """Another distribution asked for it."""
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(replace(MISSING, extra="gpu")))
    assert "six (for its extra gpu) (not installed)" in finding.message


def test_ignores_what_is_met_and_what_may_lie_in_an_unread_layer() -> None:
    """Absence proves nothing there."""
    ignores(UnmetRequirement, ENVIRONMENT, requires())
    ignores(UnmetRequirement, DAMAGED, ENVIRONMENT, requires(MISSING))


def test_weighs_less_what_another_rule_tells_by_the_code_itself() -> None:
    """Modules built for NumPy 1, and extensions built for another torch."""
    old = replace(OLD_NUMPY, distribution="acme 1.0", needs_numpy=True)
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(NUMPY), old)
    assert finding.severity is Severity.LOW
    (finding,) = flags(UnmetRequirement, ENVIRONMENT, requires(NUMPY, MISSING), old)
    assert finding.severity is Severity.MEDIUM
    torch = replace(NUMPY, key="torch", text="torch==2.5.0", specifier="==2.5.0", found="2.8.0")
    extension = replace(torch_for("12.8", "2.8.0"), name="acme", environment=SITE, torch="==2.5.0")
    beside = replace(torch_for("12.8", "2.8.0"), environment=SITE)
    assert flags(UnmetRequirement, ENVIRONMENT, requires(torch), beside)[0].severity is Severity.HIGH
    assert flags(UnmetRequirement, ENVIRONMENT, requires(torch), beside, extension)[0].severity is Severity.LOW


def test_asks_for_versions_that_suit_everyone_who_asks() -> None:
    """The command has the closest bounds; where none suits all, it says who asks for what."""
    numpy = requires(NUMPY)
    scipy = replace(DISTRIBUTION, name="scipy", key="scipy", requires=("numpy>=1.26",))
    (finding,) = flags(UnmetRequirement, numpy, ENVIRONMENT, replace(DISTRIBUTION, requires=("numpy<2",)), scipy)
    assert finding.fixes[0].steps[0] == "RUN /opt/venv/bin/python -m pip install acme==1.0 'numpy<2,>=1.26'"
    assert finding.fixes[0].build_edits == (AskTogether(("numpy<2,>=1.26",), ("acme",)),)
    newer = replace(scipy, requires=("numpy>=2",))
    (finding,) = flags(UnmetRequirement, numpy, ENVIRONMENT, replace(DISTRIBUTION, requires=("numpy<2",)), newer)
    assert finding.fixes[0].steps[0] == (
        "RUN /opt/venv/bin/python -m pip install acme   (another version: acme asks for numpy<2 and scipy asks for "
        "numpy>=2, and none suits all)"
    )
    assert finding.fixes[0].build_edits == ()
