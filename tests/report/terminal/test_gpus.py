"""What a person reads of GPUs and of the stack: the line at the top, the table, and what stands below it."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.os_release import OsRelease
from layerscope.report.context import RenderContext
from layerscope.report.gpu_json import build_gpu
from layerscope.report.terminal.terminal_format import TerminalFormat
from layerscope.rules.cuda_copies import NOTICED
from layerscope.rules.severity import Severity
from support.cuda_images import collect_cuda, toolkit, wheels
from support.cuda_images import torch as torch_files
from support.example_results import CLEAN
from support.gpu_facts import torch, verdict
from support.results import make_finding, make_result

NATIVE = structs.replace(verdict(Verdict.NATIVE, is_asked=False), name="H100", libraries=())
LOST = structs.replace(verdict(Verdict.NONE, Cause.CODE, is_asked=False), name="P100", libraries=())
BLOCKED = structs.replace(
    NATIVE, verdict=Verdict.NONE, cause=Cause.BLOCKED, reason="ELF001 import torch fails", code_verdict=Verdict.NATIVE
)


def tell(*facts: Fact, width: int = 80) -> str:
    """The report of an image with these facts."""
    result = replace(make_result(CLEAN), facts=FactSet(facts))
    return TerminalFormat().render(result, RenderContext(width=width))


def ask(verdicts: Sequence[GpuVerdict]) -> list[GpuVerdict]:
    """The verdicts, as asked about."""
    return [structs.replace(each, is_asked=True) for each in verdicts]


def test_common_gpus_are_counted() -> None:
    """The best kind has the first word; what was asked about begins with the worst."""
    assert "\n✔ RUNS     on 2 of 3 common GPUs, not on 1\n" in tell(NATIVE, NATIVE, LOST)
    nodes = [structs.replace(each, node=f"pool-{number}") for number, each in enumerate(ask([NATIVE, NATIVE, LOST]))]
    assert "\n✘ CANNOT   run on 1 of 3 node types, runs on 2\n" in tell(*nodes)


def test_what_blocks_is_told_at_the_top_and_the_code_above_the_rows() -> None:
    """Both for GPUs that were asked about and for the common ones; the JSON report has both verdicts."""
    assert "\n✘ CANNOT   run on 2 of 2 common GPUs: ELF001 import torch fails\n" in (text := tell(BLOCKED, LOST))
    assert "as long as this holds:\n  ELF001 import torch fails\n" in text
    assert "\n✔ runs " in text
    assert "\n✘ CANNOT   run on H100: ELF001 import torch fails\n" in (text := tell(*ask([BLOCKED])))
    assert "\n  by its code alone: runs\n" in text
    built = build_gpu(BLOCKED)
    assert (built.verdict, built.cause, built.code_verdict) == ("none", "blocked", "native")
    assert build_gpu(NATIVE).code_verdict == "native"


def test_what_fails_where_the_image_runs_is_told_at_the_top() -> None:
    """Once, and not where a GPU runs nothing anyway."""
    broken = structs.replace(
        make_finding("PY002", (1, "a"), severity=Severity.HIGH),
        ends_gpu_work=True,
        concerns=("a",),
        brief="import a fails",
    )
    recipe = make_result(replace(CLEAN, findings=[broken, structs.replace(broken, concerns=("b",))]))

    def head(*verdicts: GpuVerdict) -> list[str]:
        text = TerminalFormat().render(replace(recipe, facts=FactSet(verdicts)), RenderContext(width=120))
        return text.partition("\n\n")[0].splitlines()[1:-1]

    told = ", but PY002 import a fails (1 more like it)"
    assert head(NATIVE, LOST) == [f"✔ RUNS     on 1 of 2 common GPUs, not on 1{told}"]
    assert [line.endswith(told) for line in head(*ask([NATIVE, NATIVE, LOST]))] == [False, True, False]
    assert not head(LOST)[0].endswith(told)


def test_libraries_that_are_compiled_at_first_use_are_told() -> None:
    """The GPU runs the image, and its first Fourier transform waits."""
    (library,) = verdict(Verdict.NATIVE).libraries
    compiled = structs.replace(library, path="usr/lib/libcufft.so.12", verdict=Verdict.JIT)
    text = tell(structs.replace(NATIVE, libraries=(compiled,)), structs.replace(LOST, libraries=(compiled,)))
    assert "\n  libcufft.so.12 compiles most of its kernels at first use on H100\n" in text
    assert "\n  libcufft.so.12 compiles" in tell(structs.replace(BLOCKED, libraries=(compiled,)))


def test_several_reasons_of_a_group_name_their_gpus() -> None:
    """One that all share needs no names."""
    old = structs.replace(LOST, reason="no code on sm_60", compute_capability="6.0")
    other = structs.replace(LOST, name="GB10", reason="its host's processor is arm64", compute_capability="12.1")
    near = structs.replace(old, name="V100", reason="no code on sm_70", compute_capability="7.0")
    text = tell(old, near, other, width=120)
    assert "P100 and V100: no code on sm_60, sm_70\n" in text
    assert "GB10: its host's processor is arm64\n" in text
    assert "V100: no code" not in tell(old, near, width=120)


def test_libraries_of_a_copy_that_nothing_loads_are_compiled_by_nobody() -> None:
    """The toolkit beside the wheels that torch loads."""
    (library,) = verdict(Verdict.NATIVE).libraries
    copies = collect_cuda([*toolkit(size=NOTICED)], [*torch_files(), *wheels(size=NOTICED * 2)])
    paths = [
        each.evidence.path or ""
        for each in copies
        if isinstance(each, CudaLibrary) and "libcublas.so" in str(each.evidence)
    ]
    compiled = tuple(structs.replace(library, path=path, verdict=Verdict.JIT) for path in paths)
    text = tell(*copies, structs.replace(NATIVE, libraries=compiled))
    assert len(paths) == 2
    assert "\n  libcublas.so.12 compiles most of its kernels at first use on H100\n" in text


def test_the_driver_of_all_features_is_told_where_it_helps() -> None:
    """A GPU that runs nothing has none."""
    rows = tell(
        *ask([structs.replace(NATIVE, full_driver="595.45.04"), structs.replace(LOST, full_driver="595.45.04")])
    ).splitlines()
    assert [row.endswith("595.45.04") for row in rows if "(7.5)" in row] == [True, False]


def test_a_narrow_table_leaves_out_columns_before_it_cuts_verdicts() -> None:
    """First the driver of all features, then the number of nodes, which lines below tell; names go on as well."""
    node = structs.replace(ask([NATIVE])[0], node="a-very-long-name-of-a-node-pool", count=120, driver="580.95.05")
    wide, middle, narrow = (tell(node, width=width) for width in (160, 110, 90))
    assert "  all features\n" in wide
    assert "  all features\n" not in middle
    assert " count  verdict " in middle
    assert " count  verdict " not in narrow
    assert "✔ runs " in narrow
    assert " 580.95.05 " in narrow


def test_what_a_narrow_table_leaves_out_is_told_below_it() -> None:
    """Each value with all that have it."""
    first = structs.replace(
        ask([NATIVE])[0], node="pool-with-a-long-name", count=12, driver="580.95.05", full_driver="595.45.04"
    )
    nodes = (first, structs.replace(first, node="other"), structs.replace(first, node="third", count=3))
    assert "\n  all features: ≥ 595.45.04 (pool-with-a-long-name, other and third)\n" in tell(*nodes)
    told = tell(*nodes, width=80)
    assert "\n  count: 12 (pool-with-a-long-name and other); 3 (third)\n" in told
    assert "  all features: " in told


def test_rows_that_do_not_fit_beside_each_other_are_a_list() -> None:
    """No name, capability or driver is cut or broken inside a word, on a terminal however narrow."""
    lost = structs.replace(ask([LOST])[0], driver="R535", full_driver="", minimum_driver="")
    asked = structs.replace(
        ask([NATIVE])[0], driver="580.95.05", full_driver="", minimum_driver="525.60.13", last_branch=None
    )
    node = structs.replace(asked, node="training-a100", count=12, last_branch=580)
    assert "\n✔ runs  H100 (7.5)\n    driver: 580.95.05\n    needs driver: ≥ 525.60.13\n" in tell(asked, width=40)
    assert "\n✘ cannot run  P100 (7.5)\n    driver: R535\n  P100: " in tell(lost, width=40)
    told = tell(node, width=40)
    assert "\n✔ runs  training-a100\n    count: 12\n    GPU: H100 (7.5)\n    driver: 580.95.05\n" in told
    assert " ".join(told.split()).count("needs driver: ≥ 525.60.13, up to R580") == 1
    assert "\nnode           verdict  GPU         driver     needs driver\n" in tell(
        structs.replace(node, last_branch=None), width=64
    )


def test_a_name_that_does_not_fit_beside_its_verdict_goes_on_below_itself() -> None:
    """At the edge it would look like a row of its own."""
    lost = structs.replace(ask([LOST])[0], name="RTX PRO 6000 Blackwell", driver="R535", minimum_driver="")
    told = tell(lost, width=40)
    assert "\n✘ cannot run  RTX PRO 6000 Blackwell\n              (7.5)\n    driver: R535\n" in told


def test_groups_that_leave_no_room_for_reasons_are_a_list() -> None:
    """Where the drivers of a table would squeeze the GPUs into a strip."""
    group = structs.replace(NATIVE, minimum_driver="525.60.13", last_branch=580)
    facts = (group, structs.replace(LOST, minimum_driver="", reason="it has no code for sm_75"))
    told = tell(*facts, width=40)
    drivers = "✔ runs  needs driver: ≥ 525.60.13, up to\n        R580"
    assert f"\n{drivers}\n    H100\n✘ cannot run\n    P100\n    it has no code" in told
    assert "\nverdict       needs driver             GPUs, and why\n" in tell(*facts)


def test_the_stack_is_one_line_of_what_is_known() -> None:
    """Release, framework, CUDA and driver; nothing at all where nothing is known."""
    release = OsRelease(Evidence(0, "etc/os-release"), "debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", ())
    text = tell(release, torch("13.2"), structs.replace(NATIVE, minimum_driver="580.65.06"), width=120)
    assert "\nstack    Debian 12 · torch 2.15.0 · CUDA 13.2 · driver ≥ 580.65.06\n" in text
    assert "\nstack" not in tell()
