"""LAY103 metadata-only-copy: what it flags and what it lets pass."""

from layerscope.facts.layers.origins import Maker
from layerscope.rules.layers.metadata_only_copy import MetadataOnlyCopy
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import MB, ended, weight


def test_flags_a_chown_that_ships_weights_again() -> None:
    """The fix writes the COPY as it should have been."""
    step = ended("metadata", 15_000 * MB, by="RUN chown -R app /models", made_by="COPY weights/ /models/")
    (finding,) = flags(MetadataOnlyCopy, step, weight(31_000 * MB))
    assert finding.message == (
        "Layer 4 (RUN chown -R app /models) ships 2 files (15.0 GB, 48% of the image) "
        "of layer 1 (COPY weights/ /models/) again with the same content: /opt/data 15.0 GB"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps[0] == "Write `COPY --chown=USER:GROUP --chmod=MODE weights/ /models/`."


def test_tells_small_copies_together_as_information() -> None:
    """Touching a few files costs nothing."""
    (finding,) = flags(MetadataOnlyCopy, ended("metadata", 1000), weight(100 * MB))
    assert finding.severity is Severity.INFO
    assert finding.message == (
        "Shipped again with the same content in 1 later layer: 2 files (1.0 kB), too little to be worth a rebuild"
    )


def test_changes_the_mode_where_a_command_makes_the_files() -> None:
    """At the end of the same step."""
    step = ended("metadata", 1500 * MB, by="RUN chmod -R g+w /opt/data")
    (finding,) = flags(MetadataOnlyCopy, step, weight(31_000 * MB))
    assert finding.fixes[0].steps[0] == (
        "End the step of layer 1 (`RUN fetch /opt/data`) with the chown or chmod of /opt/data, joined by &&."
    )


def test_changes_nothing_in_a_base_image() -> None:
    """There is no step to end with a chown."""
    step = ended("metadata", 1500 * MB, made_by="Imported from -", maker=Maker.BASE)
    (finding,) = flags(MetadataOnlyCopy, step, weight(31_000 * MB))
    assert finding.fixes[0].title == "Leave owner and mode of /opt/data as layer 1 has them"
    assert finding.fixes[0].steps[0] == "Layer 1 has no step to change: drop the change from layer 4"


def test_ignores_files_whose_content_changed() -> None:
    """Other content is LAY102's."""
    ignores(MetadataOnlyCopy, ended("overwritten", 15_000 * MB), weight(31_000 * MB))
