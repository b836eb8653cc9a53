"""PY006 overlapping-distributions: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.python.overlaps import Overlap
from layerscope.rules.python.overlapping_distributions import OverlappingDistributions
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT, SITE

TWINS = Overlap(
    evidence=Evidence(3, f"{SITE}/onnxruntime/__init__.py"),
    environment="opt/venv",
    site=SITE,
    keys=("onnxruntime", "onnxruntime-gpu"),
    first="onnxruntime 1.22.0",
    second="onnxruntime-gpu 1.22.0",
    shared=1,
    shared_code=0,
    examples=(f"{SITE}/onnxruntime/__init__.py",),
    kept="onnxruntime",
    package="onnxruntime",
    advice="keep one: onnxruntime-gpu also runs on the CPU",
    layer=3,
    instruction="RUN pip install rembg",
)


def test_flags_twins_and_says_which_to_keep() -> None:
    """The GPU build serves both."""
    (finding,) = flags(OverlappingDistributions, ENVIRONMENT, TWINS)
    assert finding.message == (
        "onnxruntime 1.22.0 and onnxruntime-gpu 1.22.0 both hold the package onnxruntime; 1 file with different "
        f"contents: /{SITE}/onnxruntime/__init__.py; most are now those of onnxruntime; the last came with layer 3 "
        "(RUN pip install rembg)"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].title == "Keep one: onnxruntime-gpu also runs on the CPU"
    (step,) = finding.fixes[0].steps
    assert step == (
        "RUN /opt/venv/bin/python -m pip uninstall -y onnxruntime onnxruntime-gpu && "
        "/opt/venv/bin/python -m pip install onnxruntime-gpu==1.22.0"
    )


def test_strangers_that_share_code_are_medium() -> None:
    """They may be imported side by side."""
    (finding,) = flags(OverlappingDistributions, ENVIRONMENT, replace(TWINS, package="", advice="", shared_code=1))
    assert finding.severity is Severity.MEDIUM


def test_ignores_strangers_that_share_tests() -> None:
    """Many wheels carry a top-level folder of tests."""
    ignores(OverlappingDistributions, ENVIRONMENT, replace(TWINS, package="", advice=""))
