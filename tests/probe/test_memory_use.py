"""Memory over all stages: the most of each kind, and when it is too much."""

from typing import Any

from layerscope.probe.memory_use import find_gpu_use, find_host_use
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.remarks import list_remarks
from layerscope.report.probe_memory import build_memory, tell_memory

GIB = 1 << 30


def see(*memories: Any, module: str = "torch") -> Observation:
    """Stages that measured this."""
    imports = StageResult("imports", PASSED, values={"modules": {module: {}}})
    stages = (StageResult(f"stage {place}", PASSED, values={"memory": each}) for place, each in enumerate(memories))
    return Observation((imports, *stages))


def on_gpu(free: int, reserved: int = GIB) -> dict[str, Any]:
    """A GPU of 80 GiB."""
    return {"gpu": {"free": free, "total": 80 * GIB, "reserved": reserved, "reserved_peak": reserved}}


def in_container(used: int) -> dict[str, Any]:
    """A container with 8 GiB, whose files are cached up to the limit."""
    return {"rss_peak": used, "cgroup": {"used": used, "limit": 8 * GIB, "peak": 8 * GIB}}


def test_the_most_is_told_with_its_stage() -> None:
    """In one line, and in numbers."""
    seen = see(in_container(GIB), {**in_container(2 * GIB), **on_gpu(60 * GIB)}, in_container(GIB))
    assert (
        tell_memory(seen) == "2.1 GB of 8.6 GB at stage 1; GPU: 21.5 GB of 85.9 GB at stage 1, 1.1 GB of them PyTorch's"
    )
    assert build_memory(seen) == {
        "host": {"stage": "stage 1", "used": 2 * GIB, "total": 8 * GIB, "own": None},
        "gpu": {"stage": "stage 1", "used": 20 * GIB, "total": 80 * GIB, "own": GIB},
    }


def test_without_a_cgroup_it_is_the_process() -> None:
    """Whose peak has no limit that could be told."""
    use = find_host_use(see({"rss_peak": GIB}))
    assert use is not None
    assert (use.used, use.total) == (GIB, None)


def test_nothing_measured_is_nothing_told() -> None:
    """A stage that failed early has no values, and a hostile one has wrong ones."""
    memories: list[Any] = [{}, [], "x", {"cgroup": 3}, {"gpu": {"total": "much", "free": True}}]
    for memory in memories:
        seen = see(memory)
        assert (tell_memory(seen), find_gpu_use(seen), list_remarks(seen)) == ("", None, ())


def test_memory_that_is_nearly_used_up_is_a_remark() -> None:
    """From 95 per cent on; what the kernel has cached counts for nothing."""
    assert list_remarks(see(in_container(7 * GIB))) == ()
    (remark,) = list_remarks(see(in_container(int(7.7 * GIB))))
    assert "96% of the container's memory" in remark
    assert list_remarks(see(on_gpu(5 * GIB))) == ()
    (remark,) = list_remarks(see(on_gpu(3 * GIB)))
    assert "96% of the GPU's memory" in remark


def test_a_framework_that_takes_all_of_it_is_no_remark() -> None:
    """JAX and TensorFlow do so when they start."""
    assert list_remarks(see(on_gpu(GIB), module="jax")) == ()


def test_kernels_that_were_compiled_are_a_remark() -> None:
    """A first run that is much longer than the second; not one that is long for both."""
    for first, later, count in ((40.0, 0.05, 1), (40.0, 10.0, 0), (1.0, 0.001, 0)):
        types = {"float32": {"first_seconds": first, "seconds": later}}
        seen = Observation((StageResult("prefill", PASSED, values={"types": types}),))
        assert len(list_remarks(seen)) == count
