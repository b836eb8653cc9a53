"""The open run and the search for what an image needs: against images that are conditions on their confinement."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.probe.confinement import DEFAULT, HARDENED, Confinement
from layerscope.probe.observation import CRASHED, FAILED, PASSED, Observation, ProcessEnd, StageResult
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.variants import Comparison, Trials, may_lack_rights, probe_variants, tell_needs
from layerscope.probe.verdict import judge

SPEC = ProbeSpec("/usr/bin/python3", ("torch",))


def see(stage: StageResult, **told: object) -> Observation:
    """What a run with this one stage told."""
    return Observation((stage,), python="3.11", is_complete=True, **told)  # type: ignore[arg-type]


class Image:
    """An image whose imports work under some confinements, and that counts its runs."""

    def __init__(self, works: Callable[[Confinement], bool], said: str) -> None:
        """Say that where it does not."""
        self.works, self.said = works, said
        self.runs: list[Confinement] = []

    def run(self, spec: ProbeSpec, confinement: Confinement) -> Observation:
        """One run."""
        assert spec.interpreter
        self.runs.append(confinement)
        works = self.works(confinement)
        return see(StageResult("imports", PASSED if works else FAILED, kind="error", detail="" if works else self.said))

    def probe(self, variant: str = "auto") -> Trials:
        """Its probe."""
        return probe_variants(self.run, SPEC, variant=variant)


def is_root_with(confinement: Confinement, *names: str) -> bool:
    """Whether the user is root and has these capabilities."""
    return confinement.user == "0:0" and set(names) <= set(confinement.capabilities)


READ_ONLY = "OSError: [Errno 30] Read-only file system: '/x'"
CASES = [
    (lambda c: c.home == "/tmp" or c.user == "0:0", "Read-only file system: '/.cache'", ["home"], 3),  # noqa: S108
    (lambda c: not c.read_only, READ_ONLY, ["writable-root"], 3),
    (lambda c: not c.read_only and c.user == "0:0", READ_ONLY, ["root", "writable-root"], 9),
    (lambda c: c.tmp_exec, "failed to map segment from shared object", ["tmp-exec"], 3),
    (lambda c: c.user == "0:0", "PermissionError: [Errno 13] Permission denied", ["root"], 3),
    (lambda c: not c.no_new_privileges, "sudo: not permitted: Operation not permitted", ["new-privileges"], 9),
    (lambda c: is_root_with(c, "CHOWN"), "Operation not permitted", ["capabilities", "root"], 11),
    (lambda c: is_root_with(c, "AUDIT_WRITE"), "Operation not permitted", ["capabilities", "root"], 11),
    (lambda c: is_root_with(c, "CHOWN", "AUDIT_WRITE"), "Operation not permitted", ["capabilities", "root"], 22),
]


@pytest.mark.parametrize(("works", "said", "needs", "most"), CASES)
def test_what_an_image_needs_is_found(
    works: Callable[[Confinement], bool], said: str, needs: list[str], most: int
) -> None:
    """Nothing more than that, in few runs."""
    image = Image(works, said)
    found = image.probe().comparison
    assert isinstance(found, Comparison)
    assert found.helps
    assert [need.name for need in found.needs] == needs
    assert len(image.runs) == found.runs + 1
    assert len(image.runs) <= most
    assert found.confinement is not None
    assert works(found.confinement)


def test_capabilities_are_named_one_by_one() -> None:
    """With the flags that give them and no others."""
    image = Image(lambda c: is_root_with(c, "CHOWN", "SETUID"), "Operation not permitted")
    trials = image.probe()
    assert trials.comparison is not None
    need = trials.comparison.needs[0]
    assert need.text == "the capabilities CAP_CHOWN, CAP_SETUID"
    assert need.flags == ("--cap-add CHOWN", "--cap-add SETUID")
    verdict = tell_needs(judge(trials.seen), trials.comparison)
    assert "the image needs the capabilities CAP_CHOWN, CAP_SETUID" in verdict.remarks[-1]
    assert "--cap-add CHOWN, --cap-add SETUID" in verdict.cures[-1]


def test_a_failure_that_rights_do_not_mend_costs_one_run_and_is_told() -> None:
    """The words are those of a missing right, and root fails as well."""
    image = Image(lambda _: False, "Permission denied")
    trials = image.probe()
    assert len(image.runs) == 2
    assert image.runs[1] == DEFAULT
    assert (
        "breaks as root with default rights, too (Permission denied)"
        in tell_needs(judge(trials.seen), trials.comparison).remarks[-1]
    )


@pytest.mark.parametrize("said", ["ImportError: libcudart.so.13", "ValueError: 30 is not 13", "No space left"])
def test_a_failure_of_another_kind_is_not_run_again(said: str) -> None:
    """Nor is a run that went well."""
    for works in (False, True):
        image = Image(lambda _, works=works: works, said)  # type: ignore[misc]
        assert image.probe().comparison is None
        assert image.runs == [HARDENED]


def test_a_variant_can_be_asked_for() -> None:
    """The hardened one alone, or the open one alone."""
    image = Image(lambda c: not c.read_only, READ_ONLY)
    assert image.probe("hardened").comparison is None
    assert image.probe("default").seen.broken is None
    assert image.runs == [HARDENED, DEFAULT]


def test_a_python_that_does_not_start_is_tried_with_default_rights() -> None:
    """An interpreter that only root may run is a frequent one."""

    def run(_spec: ProbeSpec, confinement: Confinement) -> Observation:
        starts = confinement.user == "0:0"
        return Observation(
            (), executable="python3" if starts else "", is_complete=starts, strays=("permission denied",)
        )

    found = probe_variants(run, SPEC).comparison
    assert found is not None
    assert [need.name for need in found.needs] == ["root"]


def test_a_forbidden_system_call_is_one_of_rights() -> None:
    """Another crash is not."""
    crash = StageResult("imports", CRASHED, kind="crash")
    ends = {name: (ProcessEnd("generation", None, name),) for name in ("SIGSYS", "SIGSEGV")}
    assert may_lack_rights(see(crash, ends=ends["SIGSYS"]))
    assert not may_lack_rights(see(crash, ends=ends["SIGSEGV"]))


def test_a_home_that_cannot_be_written_to_is_found_in_an_unpacked_image(tmp_path: Path) -> None:
    """The whole way, without an engine."""
    from probe.test_bundle import can_make_namespaces, probe
    from support.layouts import write_oci_archive
    from support.python_image import build_python_image, make_package

    if not can_make_namespaces():
        pytest.skip("this host gives no namespaces")
    text = "import pathlib\n(pathlib.Path.home() / '.cache' / 'x').mkdir(parents=True)\n"
    write_oci_archive(build_python_image("demo:1", *make_package("torch", text)), tmp_path / "image.tar")
    _, document, talk = probe(tmp_path / "image.tar", tmp_path)
    assert [need["name"] for need in document["needs"]] == ["home"], talk
    columns = document["variants"]
    assert columns["hardened"]["isolation"]["capabilities"] == []
    assert "chown" in columns["default"]["isolation"]["capabilities"]
    assert (columns["hardened"]["stages"]["imports"], columns["default"]["stages"]["imports"]) == ("failed", "passed")
