"""LAY102 overwritten-in-later-layer: what it flags and what it lets pass."""

from layerscope.rules.layers.overwritten_in_later_layer import OverwrittenInLaterLayer
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import MB, ended, weight


def test_flags_files_that_a_later_step_replaces() -> None:
    """Both versions are shipped, and both steps are named."""
    step = ended("overwritten", 2400 * MB, by="RUN pip install vllm", made_by="RUN pip install torch")
    (finding,) = flags(OverwrittenInLaterLayer, step, weight(9000 * MB))
    assert finding.message == (
        "Layer 4 (RUN pip install vllm) replaces 2 files (2.4 GB, 27% of the image) of layer 1 "
        "(RUN pip install torch): /opt/data 2.4 GB; the image ships both versions"
    )
    assert finding.severity is Severity.HIGH


def test_tells_small_changes_together_as_information() -> None:
    """Every installation rewrites the package database."""
    (finding,) = flags(OverwrittenInLaterLayer, ended("overwritten", 400_000), weight(100 * MB))
    assert finding.severity is Severity.INFO


def test_ignores_files_shipped_again_unchanged() -> None:
    """Equal content with other metadata is LAY103's."""
    ignores(OverwrittenInLaterLayer, ended("metadata", 2400 * MB), weight(9000 * MB))
