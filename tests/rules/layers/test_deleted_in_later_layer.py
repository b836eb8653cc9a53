"""LAY101 deleted-in-later-layer: what it flags and what it lets pass."""

from layerscope.rules.layers.deleted_in_later_layer import DeletedInLaterLayer
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import MB, ended, weight


def test_flags_files_that_a_later_step_deletes() -> None:
    """The message names both steps, the bytes, their share and the folder; the deleting layer comes first."""
    (finding,) = flags(DeletedInLaterLayer, ended("removed", 120 * MB), weight(2000 * MB))
    assert finding.message == (
        "Layer 4 (RUN rm -rf /opt/data) deletes 2 files (120.0 MB, 6% of the image) that layer 1 (RUN fetch /opt/data) "
        "brought: /opt/data 120.0 MB; the bytes stay in the image"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.wasted == 120 * MB
    assert [(place.layer, place.path) for place in finding.locations] == [(4, None), (1, "opt/data")]


def test_moves_the_deletion_into_the_step_that_makes_the_files() -> None:
    """The fix repeats the command that deletes, not a guess at it."""
    step = ended("removed", 120 * MB, by="RUN apt-get purge -y gcc", made_by="RUN apt-get install -y gcc")
    (finding,) = flags(DeletedInLaterLayer, step, weight(2000 * MB))
    assert finding.fixes[0].steps[0] == (
        "Move the deletion to the end of `RUN apt-get install -y gcc`: && apt-get purge -y gcc"
    )


def test_advises_to_copy_less_where_a_copy_brought_the_files() -> None:
    """Nothing can be deleted within a COPY."""
    (finding,) = flags(DeletedInLaterLayer, ended("removed", 120 * MB, made_by="COPY . /opt"), weight(2000 * MB))
    assert finding.fixes[0].steps[0].startswith("Copy less: narrow `COPY . /opt`")


def test_tells_small_deletions_together_as_information() -> None:
    """A rebuild for a few kilobytes does not pay."""
    (finding,) = flags(DeletedInLaterLayer, ended("removed", 5000), ended("removed", 7000), weight(2000 * MB))
    assert finding.message == ("Later layers delete 4 files (12.0 kB) in 1 layer; too little to be worth a rebuild")
    assert finding.severity is Severity.INFO


def test_severity_grows_with_the_bytes() -> None:
    """A gigabyte is worse than a megabyte."""
    severities = [
        flags(DeletedInLaterLayer, ended("removed", size), weight(50_000 * MB))[0].severity
        for size in (2 * MB, 200 * MB, 2000 * MB)
    ]
    assert severities == [Severity.LOW, Severity.MEDIUM, Severity.HIGH]


def test_ignores_files_that_are_overwritten() -> None:
    """The container still sees a file there; that is LAY102's."""
    ignores(DeletedInLaterLayer, ended("overwritten", 120 * MB), weight(2000 * MB))
