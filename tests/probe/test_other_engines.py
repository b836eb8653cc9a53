"""Generations without PyTorch, and engines that take the CPU beside a GPU without an error."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from layerscope.probe.canary_files import read_golden, read_logits, read_model
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import PASSED
from layerscope.probe.payload import other_engines
from layerscope.probe.payload.onnx_graph import encode_varint
from layerscope.probe.payload.other_engines import CPU_PROVIDER, CUDA_PROVIDER, OtherCanary
from layerscope.probe.payload.stages import FailedStage
from layerscope.probe.spec import ProbeSpec, choose_modules
from layerscope.probe.verdict import Outcome, judge
from layerscope.progress import SilentProgress
from support.torch_python import find_torch_python

GOLDEN: dict[str, Any] = {
    "prompt": read_golden().prompt, "tokens": read_golden().tokens, "text": read_golden().text, "logits": read_logits(),
}  # fmt: skip
WIDTH = 256


@pytest.mark.parametrize("name", ["onnxruntime", "jax"])
def test_an_engine_without_pytorch_generates(name: str) -> None:
    """The same tokens, from the same weights, through the stages that PyTorch has."""
    spec = ProbeSpec(find_torch_python(), (name,), device="cpu", roles=("generation",))
    seen = run_here(spec, progress=SilentProgress())
    assert [(stage.name, stage.status) for stage in seen.stages] == [
        (each, PASSED) for each in ("imports", "weights", "device", "prefill", "decode", "detokenize")
    ], seen
    verdict = judge(seen)
    assert verdict.outcome is Outcome.GENERATED
    assert verdict.device == "the CPU"


def make_runtime(offered: list[str], taken: list[str]) -> SimpleNamespace:
    """An onnxruntime that offers some providers and takes others."""
    session = SimpleNamespace(get_providers=lambda: taken)
    return SimpleNamespace(
        get_available_providers=lambda: offered, InferenceSession=lambda *_, **__: session, __version__="1"
    )


@pytest.mark.parametrize(
    ("offered", "taken", "has_gpu", "is_silent"),
    [
        ([CUDA_PROVIDER, CPU_PROVIDER], [CPU_PROVIDER], True, True),
        ([CUDA_PROVIDER, CPU_PROVIDER], [CPU_PROVIDER], False, False),
        ([CUDA_PROVIDER, CPU_PROVIDER], [CUDA_PROVIDER, CPU_PROVIDER], True, False),
        ([CPU_PROVIDER], [CPU_PROVIDER], True, False),
    ],
)
def test_a_build_for_a_gpu_that_takes_the_cpu_beside_one_fails(
    offered: list[str], taken: list[str], *, has_gpu: bool, is_silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a GPU that is what it is to do, and a build for the CPU can do nothing else."""
    monkeypatch.setitem(sys.modules, "onnxruntime", make_runtime(offered, taken))
    monkeypatch.setattr(other_engines, "has_gpu_nodes", lambda: has_gpu)
    canary = OtherCanary("onnxruntime", read_model(), GOLDEN)
    canary.load()
    if is_silent:
        with pytest.raises(FailedStage) as failed:
            canary.move("auto")
        assert failed.value.kind == "silent-cpu"
    else:
        assert canary.move("auto")[1]["device"] == ("cuda" if CUDA_PROVIDER in taken else "cpu")


Rows = list[list[float]]


class Recited:
    """An engine that gives the golden answer, and whatever is changed in it."""

    device = "cpu"

    def __init__(self, change: Callable[[Rows], object]) -> None:
        """Change logits so."""
        self._change = change

    def compute(self, ids: list[int]) -> Rows:
        """One-hot rows that lead on to the next golden token."""
        whole = GOLDEN["prompt"] + GOLDEN["tokens"]
        following = [*whole[1:], *[0] * len(ids)]
        rows = [[float(token == following[place]) for token in range(WIDTH)] for place in range(len(ids))]
        self._change(rows)
        return rows


def leave(_: Rows) -> None:
    """Change nothing."""


def recite(change: Callable[[Rows], object]) -> Any:
    """A canary with that engine."""
    canary = OtherCanary("jax", read_model(), GOLDEN)
    canary._engine = Recited(change)
    return canary


def test_the_right_answer_passes() -> None:
    """Token for token."""
    assert recite(leave).decode()[1]["text"].startswith("better than ugly")


WRONG: list[tuple[Callable[[Rows], object], str, str]] = [
    (lambda rows: rows[20].reverse(), "decode", "wrong-tokens"),
    (lambda rows: [row.__setitem__(7, 9.0) for row in rows], "decode", "degenerate"),
    (lambda rows: rows[3].__setitem__(7, float("nan")), "prefill", "not-finite"),
    (leave, "prefill", "wrong-logits"),
]


@pytest.mark.parametrize(("change", "stage", "kind"), WRONG)
def test_wrong_answers_are_told_apart(change: Callable[[Rows], object], stage: str, kind: str) -> None:
    """One other token, one token for ever, no numbers, other numbers."""
    with pytest.raises(FailedStage) as failed:
        getattr(recite(change), stage)()
    assert failed.value.kind == kind


@pytest.mark.parametrize(
    ("number", "bytes_"), [(0, b"\0"), (127, b"\x7f"), (300, b"\xac\x02"), (-1, b"\xff" * 9 + b"\x01")]
)
def test_numbers_are_written_seven_bits_a_byte(number: int, bytes_: bytes) -> None:
    """Negative ones in ten bytes."""
    assert encode_varint(number) == bytes_


@pytest.mark.parametrize(
    ("names", "modules"),
    [
        (["transformers", "torch", "onnxruntime"], ("torch", "transformers")),
        (["tensorflow", "jax"], ("jax",)),
        (["onnxruntime", "transformers"], ("onnxruntime",)),
        (["numpy"], ()),
    ],
)
def test_pytorch_goes_before_all_others(names: list[str], modules: tuple[str, ...]) -> None:
    """And of the others one is enough."""
    assert choose_modules(names) == modules
