"""From what was seen to one outcome, one root, and what follows from it."""

from typing import Any

import pytest
from msgspec.structs import replace

from layerscope.probe.collect import MAX_ENDS, MAX_LOGS, ObservationBuilder
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.protocol import Begin, Bye, End, Exit, Hang, Hello, Log, Record
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, judge

STAGES = ProbeSpec("/usr/bin/python3", ("torch",)).stages
TORCH = {"torch": {"cuda": "13.0"}}


def observe(*records: Record, **told: Any) -> Observation:
    """The observation of a run that told these records."""
    builder = ObservationBuilder(STAGES)
    builder.add(Hello(0.0, 1, "3.11.2", "/usr/bin/python3"))
    for record in records:
        builder.add(record)
    return builder.finish(**told)


def passed(*names: str, **values: Any) -> list[Record]:
    """Records of stages that passed."""
    return [End(1.0, name, "passed", 0.1, detail=f"{name} is well", values=values) for name in names]


def on_cpu() -> list[Record]:
    """A generation on a machine without a GPU."""
    skipped = [End(1.0, name, "skipped", detail="no device") for name in ("devices", "driver")]
    return [
        *passed("env"),
        *skipped,
        End(1.0, "kernel", "blocked"),
        *passed("imports", "weights"),
        *passed("device", name="CPU"),
        *passed("prefill", "decode", "detokenize", "visibility"),
        Bye(2.0),
    ]


def test_a_generation_without_a_gpu_says_what_is_unproved() -> None:
    """It is a generation all the same."""
    verdict = judge(observe(*on_cpu()))
    assert verdict.outcome is Outcome.GENERATED
    assert verdict.is_good
    assert verdict.device == "the CPU"
    assert verdict.unproved == ("devices", "driver", "kernel")


def test_a_gpu_that_was_asked_for_and_is_not_there_is_what_broke() -> None:
    """The root is the first stage on the way to it, and the cure is to give the container one."""
    verdict = judge(observe(*on_cpu()), wants_gpu=True)
    assert not verdict.is_good
    assert verdict.root == "devices"
    assert "no GPU was given" in verdict.reason


def test_what_follows_a_broken_stage_is_its_consequence() -> None:
    """Blocked stages are no findings of their own."""
    records = [
        *passed("env", "devices", "driver", "kernel"),
        End(1.0, "imports", "failed", 2.0, "import-error", "torch: ImportError: libcudart.so.13", TORCH),
        *(End(1.0, name, "blocked") for name in ("weights", "device", "prefill", "decode", "detokenize")),
        *passed("visibility"),
        Bye(2.0),
    ]
    verdict = judge(observe(*records))
    assert (verdict.outcome, verdict.root) == (Outcome.ERROR, "imports")
    assert verdict.consequences == ("weights", "device", "prefill", "decode", "detokenize")
    assert verdict.reason == "torch: ImportError: libcudart.so.13"


def test_a_stage_that_is_cut_hangs() -> None:
    """The process that was ended in it is no crash."""
    hang = Hang(20.0, "prefill", 12.5, stacks="Thread 0x1", last_line="loading")
    ended = Exit(20.1, "generation", "prefill", True, signal="SIGKILL")
    verdict = judge(
        observe(*passed("env", "imports", "weights", "device"), Begin(7.0, "prefill"), hang, ended, Bye(21.0))
    )
    assert (verdict.outcome, verdict.root) == (Outcome.HANG, "prefill")
    assert verdict.reason == "still at work after 12.5 s"


def test_a_process_that_ends_by_a_signal_crashes() -> None:
    """The signal is told in words, with the last line that was printed."""
    ended = Exit(3.0, "generation", "imports", False, "Illegal instruction", signal="SIGILL")
    verdict = judge(observe(*passed("env"), Begin(1.0, "imports"), ended, *passed("visibility"), Bye(4.0)))
    assert (verdict.outcome, verdict.root) == (Outcome.CRASH, "imports")
    assert "the processor lacks an instruction" in verdict.reason
    assert verdict.reason.endswith("Illegal instruction")


def test_memory_that_ran_out_is_told_by_its_name() -> None:
    """SIGKILL alone says little."""
    ended = Exit(3.0, "generation", "weights", False, signal="SIGKILL")
    verdict = judge(observe(*passed("env"), Begin(1.0, "weights"), ended, Bye(4.0), is_out_of_memory=True))
    assert verdict.title == "stage weights ran out of memory"


def test_codes_of_the_driver_have_causes_and_cures() -> None:
    """803 is a libcuda out of the image."""
    records = [
        *passed("env", "devices"),
        End(1.0, "driver", "failed", kind="driver-error", detail="cuInit: 803", values={"code": 803, "version": 12040}),
        *passed("imports", "weights"),
        End(1.0, "device", "failed", kind="cuda-unavailable", detail="Error 803"),
        Bye(2.0),
    ]
    verdict = judge(observe(*records))
    assert verdict.root == "driver"
    assert "does not fit the host's kernel module (cuInit: 803)" in verdict.reason
    assert any("compat" in cure for cure in verdict.cures)


def test_pytorch_without_cuda_is_told_by_its_build() -> None:
    """Nodes and driver are well, and is_available() is False."""
    records = [
        *passed("env", "devices", "driver", "kernel"),
        *passed("imports", torch={"version": "2.13.0+cpu", "cuda": None}),
        *passed("weights"),
        End(1.0, "device", "failed", kind="cuda-unavailable", detail="Torch not compiled with CUDA enabled"),
        Bye(2.0),
    ]
    verdict = judge(observe(*records))
    assert verdict.reason == "PyTorch in this image was built without CUDA"


def test_wrong_results_are_degenerate_and_no_text_is_empty() -> None:
    """Each way of giving nothing has its own name."""
    for kind, outcome in (
        ("not-finite", Outcome.DEGENERATE),
        ("wrong-tokens", Outcome.DEGENERATE),
        ("empty", Outcome.EMPTY),
        ("import-error", Outcome.ERROR),
    ):
        verdict = judge(observe(*passed("env"), End(1.0, "decode", "failed", kind=kind, detail="x"), Bye(2.0)))
        assert verdict.outcome is outcome


def test_an_image_with_nothing_to_generate_is_unproved() -> None:
    """That is no success."""
    builder = ObservationBuilder(("env", "imports", "visibility"))
    for record in (*passed("env"), End(1.0, "imports", "skipped", detail="none"), *passed("visibility"), Bye(2.0)):
        builder.add(record)
    verdict = judge(builder.finish())
    assert verdict.outcome is Outcome.UNPROVED
    assert not verdict.is_good


def test_a_python_that_does_not_start_is_an_error_of_its_own() -> None:
    """What it printed instead is the reason."""
    builder = ObservationBuilder(STAGES)
    verdict = judge(builder.finish(exit_code=127, strays=("exec: no such file",)))
    assert verdict.title == "the probe's Python did not start"
    assert verdict.reason.endswith("exec: no such file")


def test_output_that_is_lost_at_a_crash_is_a_remark() -> None:
    """It breaks nothing, and hides what does."""
    muted = End(1.0, "visibility", "passed", kind="muted", detail="lost when a process ends without flushing: stdout")
    verdict = judge(observe(*[*on_cpu()[:-2], muted, Bye(2.0)]))
    assert verdict.is_good
    assert "PYTHONUNBUFFERED=1" in verdict.remarks[0]


def test_what_is_missing_here_is_said_of_here() -> None:
    """A probe of its own surroundings has neither an image nor a container."""
    stages = (StageResult("env", "passed"), StageResult("devices", "skipped"), StageResult("driver", "skipped"))
    seen = Observation(stages, is_complete=True, is_here=True)
    assert judge(seen).title == "nothing here was found that generates"
    assert judge(seen, wants_gpu=True).reason == "no GPU is here: there is no /dev/nvidia*"


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("missing-tensor", "the weights are not whole, and a text of theirs is noise"),
        ("truncated-file", "the weights are not whole"),
        ("wrong-shape", "the weights do not fit config.json"),
    ],
)
def test_a_model_that_cannot_be_loaded_has_a_title_of_its_own(kind: str, title: str) -> None:
    """Which says what is wrong with it, not which stage found it."""
    seen = Observation((StageResult("own-weights", "failed", kind=kind, detail="it is so"),), is_complete=True)
    assert judge(seen).title == title


def test_records_of_things_that_nobody_asked_for_are_left_out() -> None:
    """A process of the image can write to the payload's pipe: neither its words nor their number fill our memory."""
    builder = ObservationBuilder(("imports",))
    builder.add(End(1.0, "invented", "failed"))
    builder.add(Begin(1.0, "invented"))
    assert builder.current == "start"
    for number in range(200):
        builder.add(Log(1.0, f"role {number}", "stdout", "x" * 1000))
        builder.add(Exit(1.0, f"role {number}", "invented", was_cut=False, code=1))
        builder.add(Exit(1.0, "generation", "invented", was_cut=False, code=1))
    for _ in range(1000):
        builder.add(Log(1.0, "generation", "stdout", "x" * 60_000))
    seen = builder.finish()
    assert [stage.name for stage in seen.stages] == ["imports"]
    assert list(seen.logs) == ["generation stdout"]
    assert len(seen.logs["generation stdout"]) == MAX_LOGS
    assert len(seen.ends) == MAX_ENDS


def test_a_model_that_was_left_out_is_told() -> None:
    """The canary's generation is none of the image's own model."""
    seen = observe(*on_cpu())
    left_out = StageResult("own-tokenizer", "skipped", detail="the model brings code of its own")
    verdict = judge(replace(seen, stages=(*seen.stages, left_out, StageResult("own-text", "skipped"))))
    assert verdict.is_good
    assert verdict.title.endswith("the image's own model was not run")
    assert "the image's own model was not run: the model brings code of its own" in verdict.remarks
    assert "own model" not in judge(seen).title


@pytest.mark.parametrize("kind", ["no-tokenizer", "no-weights", "unknown-architecture", "bad-chat-template"])
def test_what_transformers_cannot_load_a_server_may(kind: str) -> None:
    """It may have code, a tokenizer or a template of its own; a text proves it, and damage is none of this."""
    served = StageResult("chat-16", "passed", values={"text": "Hello"})
    for told, is_good in ((kind, True), ("truncated-file", False)):
        stage = StageResult("own-weights", "failed", kind=told)
        assert judge(Observation((stage, served), is_complete=True)).is_good is is_good
        assert not judge(Observation((stage,), is_complete=True)).is_good


def test_a_chat_that_is_answered_has_its_template() -> None:
    """The model's folder may have none where the server has one; a raw completion needs none, and proves nothing."""
    lacking = StageResult(
        "own-tokenizer", "failed", kind="no-chat-template", detail="the tokenizer has no chat template"
    )
    for name, root in (("chat-16", ""), ("completion", "own-tokenizer")):
        served = StageResult(name, "passed", values={"text": "Hello"})
        assert judge(Observation((lacking, served), is_complete=True)).root == root
