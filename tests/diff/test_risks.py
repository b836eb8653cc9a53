"""What is to be known first is told, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest

from layerscope.diff.change import ValueChange
from layerscope.diff.gpus import iter_gpu_changes
from layerscope.diff.packages import PackageKey, PackageKind, Packages, iter_package_changes
from layerscope.diff.risk import Grounds, RiskLevel
from layerscope.diff.risks import leaps, list_risks
from layerscope.diff.trees import iter_file_changes
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from support.indexes import merged
from support.tar_member import TarMember, file

BREAKS, RISKY, NOTE = RiskLevel.BREAKS, RiskLevel.RISKY, RiskLevel.NOTE


def gpu(name: str, kind: Verdict = Verdict.NATIVE, floor: str = "525.60.13", **more: Any) -> GpuVerdict:
    """How an image fares on a GPU."""
    fields: dict[str, Any] = {"cause": Cause.NOTHING, "reason": f"{name} is {kind}", "minimum_driver": floor, **more}
    return GpuVerdict(Evidence(), name, "8.0", "Ampere", kind, **fields)


def tell(**changes: Any) -> list[tuple[RiskLevel, str]]:
    """The risks of these differences, where there are no others."""
    before, after = (FactSet(changes.pop(side, ())) for side in ("one", "other"))
    given: dict[str, Any] = dict.fromkeys(("traits", "gpus", "packages", "config", "files", "findings"), ())
    given["gpus"] = tuple(iter_gpu_changes(before, after))
    grounds = Grounds(**given | changes, before=before, after=after)
    return [(risk.level, risk.text) for risk in list_risks(grounds)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([gpu("A100")], [gpu("A100")], []),
        (
            [gpu("V100"), gpu("A100"), gpu("L4")],
            [gpu("V100"), gpu("A100", floor="570.26"), gpu("L4", floor="570.26")],
            [(BREAKS, "the oldest driver rises from 525.60.13 to 570.26 on A100 and L4")],
        ),
        (
            [gpu("A100", floor="570.26")],
            [gpu("A100")],
            [(NOTE, "the oldest driver falls from 570.26 to 525.60.13 on A100")],
        ),
        (
            [gpu("H100"), gpu("A100", floor="570.26")],
            [gpu("H100", Verdict.NONE), gpu("A100", floor="570.26")],
            [(BREAKS, "H100 is dropped")],
        ),
        (
            [gpu("V100"), gpu("T4")],
            [gpu("V100", Verdict.NONE, reason="no Volta"), gpu("T4", Verdict.NONE, reason="no Volta")],
            [(BREAKS, "V100 and T4 are dropped")],
        ),
        ([gpu("T4")], [gpu("T4", Verdict.JIT)], [(RISKY, "T4 falls from native to jit")]),
        ([gpu("T4", Verdict.NONE)], [gpu("T4")], [(NOTE, "runs on T4 now")]),
        ([gpu("T4")], [], [(BREAKS, "no device code any more: it computes on no GPU")]),
        ([], [gpu("T4")], [(RISKY, "it computes on GPUs now, and needs a driver: 525.60.13 or newer")]),
        ([], [gpu("T4", Verdict.NONE)], []),
        (
            [gpu("T4"), gpu("H100")],
            [gpu("T4", Verdict.NO_CODE), gpu("H100", Verdict.NO_CODE)],
            [(BREAKS, "no device code any more: it computes on no GPU")],
        ),
        (
            [gpu("T4", Verdict.NO_CODE)],
            [gpu("T4")],
            [
                (RISKY, "it computes on GPUs now, and needs a driver: 525.60.13 or newer"),
                (NOTE, "runs on T4 now"),
            ],
        ),
        (
            [gpu("H100", driver="535.183.01")],
            [gpu("H100", Verdict.NONE, cause=Cause.DRIVER_TOO_OLD, driver="535.183.01")],
            [(BREAKS, "it does not start on H100 with driver 535.183.01 any more")],
        ),
    ],
)
def test_gpus_are_told_by_what_becomes_of_them(
    one: Sequence[GpuVerdict], other: Sequence[GpuVerdict], expected: list[tuple[RiskLevel, str]]
) -> None:
    """Each driver against itself; a GPU that no image was judged for says nothing."""
    assert tell(one=one, other=other) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (ValueChange("architecture", "amd64", "arm64"), (BREAKS, "the architecture goes from amd64 to arm64")),
        (ValueChange("config.Entrypoint", '["/a"]', None), (RISKY, 'the entrypoint is gone: it was ["/a"]')),
        (ValueChange("config.Env.LD_LIBRARY_PATH", None, "/x"), (RISKY, "LD_LIBRARY_PATH is new: /x")),
        (ValueChange("config.ExposedPorts.80/tcp", "", None), (RISKY, "port 80/tcp is no longer exposed")),
        (ValueChange("config.Volumes./data", None, ""), (RISKY, "volume /data is declared")),
        (ValueChange("config.Healthcheck.Test", '["x"]', None), (RISKY, "the health check is gone")),
        (ValueChange("config.Env.MOTD", "a", "b"), None),
        (ValueChange("config.Labels.a", "a", "b"), None),
    ],
)
def test_keys_that_decide_how_it_starts(change: ValueChange, expected: tuple[RiskLevel, str] | None) -> None:
    """Other keys are in the table alone."""
    assert tell(config=(change,)) == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ("uid 1000, gid 1000", "uid 0, gid 0", BREAKS),
        ("uid 0, gid 0", "uid 1000, gid 1000", RISKY),
        ("uid 0", "uid 0, gid 0", RISKY),
    ],
)
def test_a_user_that_becomes_root_is_grave(before: str, after: str, level: RiskLevel) -> None:
    """One that was root is not."""
    ((found, _),) = tell(traits=(ValueChange("user", before, after),))
    assert found is level


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.26.4", "2.0.0", True),
        ("1.26.4", "1.27.0", False),
        ("0.5.1", "0.6.0", True),
        ("2.9.0+cu128", "2.9.0+cpu", True),
        ("2.9.0+cu128", "2.9.1+cu128", False),
        ("odd one", "other", True),
    ],
)
def test_a_version_leaps_over_a_promise(before: str, after: str, *, expected: bool) -> None:
    """By its first number, the second one below 1.0, or by its build."""
    assert leaps(before, after) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (file("m/a.safetensors", b"1"), file("m/a.safetensors", b"2"), "a model file in /m is changed"),
        (file("x"), file("m/a.safetensors", b"2"), "a model file in /m is added"),
        (file("m/a.safetensors", b"1"), file("n/a.safetensors", b"1"), "a model file is moved to /n"),
        (file("s", b"1"), file("s", b"1", mode=0o4755), "set-user-ID or set-group-ID is new on /s"),
        (file("s", b"1", mode=0o4755), file("s", b"2", mode=0o4755), None),
        (file("s", b"1", mode=0o4755), file("s", b"1"), None),
    ],
)
def test_files_that_matter(before: TarMember, after: TarMember, expected: str | None) -> None:
    """Weights, and programs that run as their owner."""
    files = tuple(iter_file_changes(merged([before]), merged([after]), shared=0))
    assert [text for _, text in tell(files=files)] == ([] if expected is None else [expected])


def test_packages_go_from_place_to_place() -> None:
    """One that moved with its version is none; those that changed come first, Python's before the system's."""
    old, new = "usr/lib/python3.11/site-packages", "usr/lib/python3.12/site-packages"
    before: Packages = {
        PackageKey(PackageKind.PYTHON, "idna", old): ("3.7",),
        PackageKey(PackageKind.PYTHON, "numpy", old): ("1.26.4",),
        PackageKey(PackageKind.SYSTEM, "bash:amd64", "dpkg"): ("5.1",),
        PackageKey(PackageKind.SYSTEM, "gone:amd64", "dpkg"): ("1",),
    }
    after: Packages = {
        PackageKey(PackageKind.PYTHON, "idna", new): ("3.7",),
        PackageKey(PackageKind.PYTHON, "numpy", new): ("2.1.0",),
        PackageKey(PackageKind.SYSTEM, "bash:amd64", "dpkg"): ("5.2",),
        PackageKey(PackageKind.PYTHON, "added", new): ("1",),
    }
    found = list(iter_package_changes(before, after))
    assert [(each.key.name, each.change.value) for each in found] == [
        ("numpy", "changed"),
        ("bash:amd64", "changed"),
        ("gone:amd64", "removed"),
        ("added", "added"),
    ]
    assert found[0].old_place == old
