"""Fixes that meet, as rules offer them: what one does for another, and what excludes another."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.elf.loader_configuration import SearchFolder
from layerscope.facts.fact import Evidence
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.facts.python.releases import EndedRelease
from layerscope.facts.system.apt import PackageInstallation, PackageLists
from layerscope.facts.system.distribution import DistributionRelease
from layerscope.fixes.plan import Plan, plan_fixes
from layerscope.rules.cuda.driver_below_floor import DriverBelowFloor
from layerscope.rules.cuda.driver_older_than_toolkit import DriverOlderThanToolkit
from layerscope.rules.cuda.missing_device_code import MissingDeviceCode
from layerscope.rules.elf import truncated_object
from layerscope.rules.elf.dead_library_path_entry import DeadLibraryPathEntry
from layerscope.rules.elf.empty_library_path_entry import EmptyLibraryPathEntry
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.layers import (
    blob_digest_mismatch,
    blob_size_mismatch,
    diff_id_mismatch,
    distant_build_steps,
    duplicate_entry,
    irregular_entry,
    trailing_data,
    truncated_layer,
)
from layerscope.rules.layers.distant_build_steps import DistantBuildSteps
from layerscope.rules.layers.leftover_package_cache import LeftoverPackageCache
from layerscope.rules.layers.stale_package_lists import StalePackageLists
from layerscope.rules.python.python_end_of_life import PythonEndOfLife
from layerscope.rules.refusal_cures import choose_cure
from layerscope.rules.system.expired_release import ExpiredRelease
from support.cases import flags
from support.elf_facts import CONFIGURATION
from support.gpu_facts import verdict
from support.python_facts import ENVIRONMENT
from support.results import make_finding
from support.sample_facts import MB, step, times, weight


def list_titles(plan: Plan) -> list[str]:
    """The titles of the steps."""
    return [step.fix.title for step in plan.steps]


def list_left_out(plan: Plan) -> list[tuple[str, str, bool]]:
    """What was left out for which step, and whether its findings are cured."""
    return [(each.fix.title, each.instead.title, each.is_cured) for each in plan.left_out]


def test_one_line_of_the_library_path_cures_all_that_is_wrong_with_it() -> None:
    """Both rules propose the variable as it should be."""
    folders = (SearchFolder("/opt/lib", "opt/lib"), SearchFolder("/gone", None), SearchFolder("", "app"))
    variable = replace(CONFIGURATION, library_path=folders)
    plan = plan_fixes([*flags(DeadLibraryPathEntry, variable), *flags(EmptyLibraryPathEntry, variable)])
    assert [step.removes for step in plan.steps] == [("ELF006", "ELF007")]
    assert [each.reason for each in plan.left_out] == ["it is the same line"]


def test_other_values_of_the_library_path_are_two_lines() -> None:
    """Two images' findings have nothing in common; neither does a fix that is told in words alone."""
    one = replace(CONFIGURATION, library_path=(SearchFolder("/opt/lib", "opt/lib"), SearchFolder("/gone", None)))
    other = replace(CONFIGURATION, library_path=(SearchFolder("/srv/lib", "srv/lib"), SearchFolder("", "app")))
    plan = plan_fixes([*flags(DeadLibraryPathEntry, one), *flags(EmptyLibraryPathEntry, other)])
    assert (len(plan.steps), plan.left_out) == (2, ())


def test_a_newer_driver_is_as_good_as_every_older_one() -> None:
    """A floor that must be met, and features that come with a later driver."""
    old = replace(verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD), driver="535")
    below = replace(verdict(Verdict.NATIVE, name="H100"), driver="580.95.05")
    plan = plan_fixes([*flags(DriverBelowFloor, old), *flags(DriverOlderThanToolkit, below)])
    assert list_titles(plan) == [
        "Install driver 595.45.04 or newer on the host, for all features and PTX of the toolkit"
    ]
    assert plan.steps[0].removes == ("CUDA004", "CUDA008")
    assert [each.reason for each in plan.left_out] == ["driver 595.45.04 is no older than 580.65.06"]


def make_lost(name: str, build: str) -> GpuVerdict:
    """A GPU that only that build of PyTorch has code for."""
    return replace(verdict(Verdict.NONE, Cause.CODE, name=name), torch_builds=(build,))


def test_two_builds_of_torch_exclude_each_other() -> None:
    """The GPU that comes first is served; the other one's finding stays, with the reason."""
    lost = flags(MissingDeviceCode, make_lost("B200", "cu128 (torch 2.7-)"), make_lost("V100", "cu126 (torch 2.6-)"))
    plan = plan_fixes(lost)
    title = "Install the build of PyTorch with code for this GPU: "
    assert list_left_out(plan) == [(f"{title}cu126", f"{title}cu128", False)]
    assert "one PyTorch, and cu128 is planned" in plan.left_out[0].reason


def test_one_build_of_torch_serves_two_gpus() -> None:
    """A fix is planned once."""
    plan = plan_fixes(
        flags(MissingDeviceCode, make_lost("B200", "cu128 (torch 2.7-)"), make_lost("L4", "cu128 (torch 2.7-)"))
    )
    assert [len(step.findings) for step in plan.steps] == [2]


def test_an_excluded_fix_gives_way_to_the_next_of_its_finding() -> None:
    """A driver in place of another build of PyTorch."""
    (lost,) = flags(MissingDeviceCode, make_lost("B200", "cu128 (torch 2.7-)"))
    old = replace(make_lost("T4", "cu126 (torch 2.6-)"), cause=Cause.DRIVER_TOO_OLD, driver="535")
    (below,) = flags(DriverBelowFloor, old)
    plan = plan_fixes([lost, replace(below, fixes=below.fixes[::-1])])
    assert [step.removes for step in plan.steps] == [("CUDA001",), ("CUDA004",)]
    assert list_titles(plan)[1].startswith("Install driver 580.65.06 or newer")
    assert plan.left_out == ()


def make_bases() -> Sequence[Finding]:
    """An image whose distribution and whose Python are out of support."""
    release = DistributionRelease(
        Evidence(0, "etc/os-release"), "ubuntu", "20.04", "Ubuntu 20.04.6 LTS", "glibc", "2.31",
        end_of_life=date(2025, 5, 29), checked=date(2026, 11, 26), is_expired=True, was_expired=False,
        successor="ubuntu 26.04",
    )  # fmt: skip
    python = EndedRelease(
        Evidence(0, "usr/local/bin/python3.8"), "usr/local/bin/python3.8", "3.8", "3.8.20",
        end=date(2024, 10, 7), checked=date(2026, 1, 1), is_of_distribution=False, layer=0, instruction="ADD rootfs /",
    )  # fmt: skip
    return [*flags(ExpiredRelease, release), *flags(PythonEndOfLife, ENVIRONMENT, python)]


def test_a_stage_has_one_base_image() -> None:
    """The worse finding names it, and the other is to be looked at again."""
    plan = plan_fixes(make_bases())
    assert [step.removes for step in plan.steps] == [("SYS001",)]
    assert [(each.codes, each.is_cured) for each in plan.left_out] == [(("PY010",), False)]


def test_a_base_image_that_is_replaced_is_not_mended() -> None:
    """What its layers waste goes with it, as far as they are known to be its own; other faults are looked at still."""
    caches = flags(LeftoverPackageCache, make_cache(0, LISTS), weight(1000 * MB))
    told = [*make_bases()[:1], *caches, make_finding("ELF001", (0, "lib/x"), fix="install it")]
    plan = plan_fixes(told, base_layers=1)
    assert [step.removes for step in plan.steps] == [("ELF001",), ("SYS001",)]
    assert [(each.codes, each.is_cured) for each in plan.left_out] == [(("LAY104",), False)]
    assert len(plan_fixes(told).steps) == 3
    assert len(plan_fixes(told[1:], base_layers=1).steps) == 2


LISTS = "var/lib/apt/lists"


def find_stale(*more: PackageCache) -> list[Finding]:
    """Packages installed by layer 2 with the lists of layer 1, of three weeks before, which were left behind."""
    fetched, installed = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=UTC)
    lists = PackageLists(Evidence(1, LISTS), 1, 4, None, fetched, "RUN apt-get update")
    packages = PackageInstallation(
        Evidence(2, "var/lib/dpkg/info"), 2, 2, installed, touches_lists=False, instruction="RUN apt-get install -y git"
    )
    caches = (make_cache(1, LISTS), *more)
    return [
        *flags(StalePackageLists, lists, packages),
        *flags(LeftoverPackageCache, *caches, weight(1000 * MB)),
        *flags(DistantBuildSteps, times(step(0, 1), step(1, 1), step(2, 21))),
    ]


def make_cache(layer: int, path: str) -> PackageCache:
    """Package lists that a layer left."""
    return PackageCache(Evidence(layer, path), "apt-lists", layer, path, 3, 40 * MB, "RUN apt-get update")


def test_lists_that_go_with_their_step_are_not_removed_in_it() -> None:
    """The next step could not install anything without them; and a changed step is not taken from a cache."""
    plan = plan_fixes(find_stale())
    assert list_titles(plan) == ["Fetch package lists in the step that installs"]
    assert plan.steps[0].removes == ("LAY104", "LAY201", "LAY202")
    assert plan.steps[0].saves == 40 * MB
    assert "left apt" not in plan.steps[0].reason
    assert all(each.is_cured for each in plan.left_out)


def test_lists_of_another_step_are_removed_there() -> None:
    """Only those that the installing step fetches anew are gone by that."""
    plan = plan_fixes(find_stale(make_cache(7, LISTS)))
    assert [step.removes for step in plan.steps] == [("LAY104", "LAY201"), ("LAY202",)]


def test_a_step_below_the_changed_one_stays_in_the_cache() -> None:
    """What is built anew begins with the changed step."""
    gap = flags(DistantBuildSteps, times(step(0, 1), step(1, 21), step(2, 21)))
    plan = plan_fixes([*find_stale()[:2], *gap])
    assert [step.removes for step in plan.steps] == [("LAY104", "LAY202"), ("LAY201",)]


def damage(code: str, fix: Fix, *layers: int) -> list[Finding]:
    """A finding of a rule about blobs for each layer."""
    return [replace(make_finding(code, (layer, None)), fixes=(fix,)) for layer in layers]


CUT = [
    *damage("LAY001", blob_digest_mismatch.FETCH_AGAIN, 1),
    *damage("LAY003", blob_size_mismatch.FETCH_AGAIN, 1),
    *damage("LAY004", truncated_layer.FETCH_AGAIN, 1),
]
"""What a blob shows of which the end is lost."""


def test_a_blob_that_was_cut_short_is_fetched_once() -> None:
    """Its digest, its size and its end are wrong for one reason."""
    plan = plan_fixes(CUT)
    assert [step.removes for step in plan.steps] == [("LAY001", "LAY003", "LAY004")]
    assert {each.reason for each in plan.left_out} == {"that layer's blob is fetched anew"}


def test_a_size_that_is_wrong_alone_is_not_cured_by_another_layer() -> None:
    """The manifest claims it of a blob that has the right digest."""
    plan = plan_fixes([*CUT, *damage("LAY003", blob_size_mismatch.CORRECT, 9)])
    assert [step.removes for step in plan.steps] == [("LAY001", "LAY003", "LAY004"), ("LAY003",)]


def test_an_image_that_is_built_anew_is_not_fetched_too() -> None:
    """Nor is a step of it rebuilt on its own."""
    rebuilt = damage("LAY002", diff_id_mismatch.REBUILD, 4)
    others = [
        *damage("LAY005", trailing_data.FIX, 6),
        *damage("ELF017", truncated_object.FIX, 5),
        *damage("LAY201", distant_build_steps.FIX, 2),
    ]
    plan = plan_fixes([*CUT, *others, *rebuilt])
    assert list_titles(plan) == [diff_id_mismatch.REBUILD.title]
    assert len(plan.steps[0].findings) == 7
    assert {each.instead.title for each in plan.left_out} == {diff_id_mismatch.REBUILD.title}


def test_a_build_without_pull_fetches_no_base_image() -> None:
    """The damaged layer may be the base's, which stays as it is in the builder's store."""
    plan = plan_fixes([*CUT, *damage("LAY005", trailing_data.FIX, 6)])
    assert [step.removes for step in plan.steps] == [("LAY001", "LAY003", "LAY004"), ("LAY005",)]


def test_a_layer_that_an_engine_writes_has_no_other_irregularities() -> None:
    """Of that layer; other layers keep theirs."""
    odd = [*damage("LAY007", choose_cure("bad-number"), 6), *damage("LAY009", irregular_entry.FIX, 6, 3)]
    plan = plan_fixes([*odd, *damage("LAY008", duplicate_entry.FIX, 6)])
    assert [step.removes for step in plan.steps] == [("LAY007", "LAY008", "LAY009"), ("LAY009",)]
    assert [each.codes for each in plan.left_out] == [("LAY008",)]


def test_a_layer_is_written_once_for_all_that_is_refused_in_it() -> None:
    """Advice differs with what is refused, and an engine does without all of it."""
    refused = [*damage("LAY007", choose_cure("bad-number"), 6), *damage("LAY007", choose_cure("empty-symlink"), 6)]
    assert [step.removes for step in plan_fixes(refused).steps] == [("LAY007",)]


def test_a_credential_is_revoked_each_for_itself() -> None:
    """Steps that are told in words may be the same words, and mean another file."""
    words = ("Revoke it.", "If it is needed: RUN --mount=type=secret,id=ID …")
    plan = plan_fixes(
        [make_finding("CONF011", fix="one", steps=words), make_finding("CONF011", fix="two", steps=words)]
    )
    assert len(plan.steps) == 2
