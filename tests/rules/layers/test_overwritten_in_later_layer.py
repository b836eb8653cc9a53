"""LAY102 overwritten-in-later-layer: what it flags and what it lets pass."""

from layerscope.facts.layers.origins import Maker
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
    assert finding.message == (
        "Replaced in 1 later layer: 2 files (400.0 kB), mostly package databases and caches that every step rewrites"
    )


def test_advises_to_join_two_steps() -> None:
    """Nobody said what the base is, so the first may be its."""
    step = ended("overwritten", 2400 * MB, by="RUN pip install vllm", made_by="RUN pip install torch")
    (finding,) = flags(OverwrittenInLaterLayer, step, weight(9000 * MB))
    assert finding.fixes[0].steps[:2] == (
        (
            "Join the step of layer 1 (`RUN pip install torch`) and the step of layer 4 (`RUN pip install vllm`), or "
            "drop from the first what the second replaces."
        ),
        "If the first belongs to the base image, choose a base image with the wanted version: FROM BASE:TAG",
    )


def test_joins_nothing_with_a_base_image() -> None:
    """Its steps lie in another Dockerfile."""
    step = ended("overwritten", 2400 * MB, made_by="Imported from -", maker=Maker.BASE)
    (finding,) = flags(OverwrittenInLaterLayer, step, weight(9000 * MB))
    assert finding.fixes[0].steps[0] == (
        "Layer 1 has no step to change: choose a base image with the wanted version: FROM BASE:TAG"
    )
    assert not any("Imported" in line for line in finding.fixes[0].steps)
    step = ended("overwritten", 2400 * MB, made_by="RUN pip install torch", maker=Maker.BASE)
    (finding,) = flags(OverwrittenInLaterLayer, step, weight(9000 * MB))
    assert finding.fixes[0].steps[0].startswith("Layer 1 (`RUN pip install torch`) is of the base image: choose a base")


def test_ignores_files_shipped_again_unchanged() -> None:
    """Equal content with other metadata is LAY103's."""
    ignores(OverwrittenInLaterLayer, ended("metadata", 2400 * MB), weight(9000 * MB))
