"""CONF005 missing-working-directory: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.config.process import WorkingDirectory
from layerscope.rules.config.missing_working_directory import MissingWorkingDirectory
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, IDENTITY, PROCESS

MISSING = replace(PROCESS, working_directory=WorkingDirectory("/srv/app", exists=False, is_directory=False))


def test_flags_a_directory_that_is_missing() -> None:
    """The message says what runtimes do, and for whom that is bad."""
    (finding,) = flags(MissingWorkingDirectory, MISSING, IDENTITY)
    assert finding.message == (
        "The working directory /srv/app is missing (no layer has it); runtimes create it empty, for root, "
        "which app cannot write to"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.fixes[0].steps == ("WORKDIR /srv/app", "If files belong there: COPY --chown=app … /srv/app/")


def test_names_the_layer_that_removed_it() -> None:
    """A deletion took too much."""
    folder = WorkingDirectory("/srv/app", exists=False, is_directory=False, removed_by=3)
    (finding,) = flags(MissingWorkingDirectory, replace(PROCESS, working_directory=folder), IDENTITY)
    assert "(layer 3 removed it)" in finding.message


def test_flags_a_file_in_its_place_as_worse() -> None:
    """Then no container starts at all."""
    folder = WorkingDirectory("/srv/app", exists=True, is_directory=False, layer=1)
    (finding,) = flags(MissingWorkingDirectory, replace(PROCESS, working_directory=folder), IDENTITY)
    assert finding.severity is Severity.HIGH


def test_ignores_a_directory_that_is_there() -> None:
    """Whether it is empty is not asked."""
    ignores(MissingWorkingDirectory, PROCESS, IDENTITY)


def test_ignores_a_missing_one_where_a_layer_could_not_be_read() -> None:
    """It may lie in that layer."""
    ignores(MissingWorkingDirectory, DAMAGED, MISSING, IDENTITY)
