"""Known errors in what a probe printed: the earliest specific one is the cause, and no generic one hides it."""

import pytest

from layerscope.policies.policies import Policies
from layerscope.probe.known_errors import find_known_error, find_root_error, list_log_errors
from layerscope.probe.observation import Observation, ProcessEnd, StageResult
from layerscope.probe.verdict import judge

POLICIES = Policies()

NVJITLINK = (
    "ImportError: /opt/venv/lib/python3.11/site-packages/torch/lib/../../nvidia/cusparse/lib/libcusparse.so.12: "
    "undefined symbol: __nvJitLinkComplete_12_4, version libnvJitLink.so.12"
)
CUDNN = "Could not load library libcudnn_ops_infer.so.8. Error: libcudnn_ops_infer.so.8: cannot open shared object file"
CUDART = "ImportError: libcudart.so.11.0: cannot open shared object file: No such file or directory"
GLIBC = "OSError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /opt/x/lib.so)"
NO_MODULE = "ModuleNotFoundError: No module named 'flash_attn_2_cuda'"
NUMPY = "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.0.1 as it may crash."
NO_DRIVER = "UserWarning: CUDA initialization: Found no NVIDIA driver on your system."
ORT = "[E:onnxruntime:Default] Failed to create CUDAExecutionProvider. Require cuDNN 9.*"


def observe(
    detail: str = "", *, trace: str = "", status: str = "failed", last_line: str = "", **logs: str
) -> Observation:
    """A failed import, and what was printed by `generation` and the others."""
    stage = StageResult("imports", status, kind="import-error", detail=detail, values={"trace": trace})
    printed = {name.replace("_", " "): text for name, text in logs.items()}
    ends = (ProcessEnd("generation", 1, None, last_line),) if last_line else ()
    return Observation((stage,), ends, printed, is_complete=True)


def name(seen: Observation) -> str:
    """The id of the error that was found."""
    found = find_root_error(seen, POLICIES)
    return found.id if found is not None else ""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (NVJITLINK, "nvjitlink-symbol"),
        (CUDNN, "cudnn-sublib"),
        (CUDART, "libcudart-missing"),
        (GLIBC, "glibc"),
        (NO_MODULE, "no-module"),
        ("RuntimeError: CUDA error: no kernel image is available for execution on the device", "no-kernel-image"),
        ("AssertionError: Torch not compiled with CUDA enabled", "cpu-only-torch"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "gpu-oom"),
        ("nothing that anybody knows", ""),
    ],
)
def test_messages_that_people_met_are_known(message: str, expected: str) -> None:
    """Whether the stage says it or its process's log."""
    assert name(observe(message)) == expected
    assert name(observe("ValueError: something else", generation_stderr=message)) == expected


def test_a_specific_error_goes_before_a_generic_one() -> None:
    """The stage tells of a module that is not found; its traceback, or log, why."""
    assert name(observe(NO_MODULE, trace=f"{GLIBC}\nDuring handling of the above exception")) == "glibc"
    assert name(observe(NO_MODULE, generation_stderr=NUMPY)) == "numpy-abi"


def test_the_earliest_specific_error_wins() -> None:
    """Of a chain, the first exception is the cause."""
    assert name(observe("", trace=f"{GLIBC}\n{NVJITLINK}")) == "glibc"
    assert name(observe("", trace=f"{NVJITLINK}\n{GLIBC}")) == "nvjitlink-symbol"


def test_a_stages_own_words_go_before_its_log() -> None:
    """Programs complain of what does them no harm."""
    assert name(observe(NVJITLINK, generation_stderr=NO_DRIVER)) == "nvjitlink-symbol"
    assert name(observe(CUDART, generation_stderr=ORT)) == "libcudart-missing"


def test_a_crash_is_known_by_its_last_line() -> None:
    """No exception is left of it."""
    assert name(observe("the process ended in it: SIGABRT", status="crashed", last_line=CUDNN)) == "cudnn-sublib"


def test_an_error_in_the_log_of_a_sound_probe_is_a_remark() -> None:
    """It names the log, the line, and how to learn more."""
    driver = StageResult("driver", "passed")
    seen = Observation((driver,), logs={"generation stderr": f"loading\n{ORT}\n{ORT}\n"}, is_complete=True)
    (remark,) = list_log_errors(seen, POLICIES)
    assert remark.startswith("generation stderr says “Failed to create CUDAExecutionProvider")
    assert remark.endswith("layerscope explain ort-cpu-fallback")


FORKED = "huggingface/tokenizers: The current process just got forked, after parallelism has already been used."
RETRY = "'[Errno -3] Temporary failure in name resolution' thrown while requesting HEAD https://huggingface.co/a/b/c"


@pytest.mark.parametrize(("line", "expected"), [(FORKED, "tokenizers-fork"), (RETRY, "hub-retry")])
def test_what_programs_survive_explains_a_hang_alone(line: str, expected: str) -> None:
    """A call that hangs after it, or a start; where something else is raised it did no harm."""
    logs = {"serving stderr": f"{line}\nlistening\n", "generation stderr": f"{ORT}\n"}
    hang = StageResult("chat-16", "failed", kind="hang", detail="no answer after 60 s", values={"log": ["POST /v1"]})
    assert name(Observation((hang,), logs=logs, is_complete=True)) == expected
    error = StageResult("listen", "failed", kind="error", detail="the server ended with exit code 1")
    assert name(Observation((error,), logs=logs, is_complete=True)) == ""
    other = {"generation stderr": logs["serving stderr"]}
    assert name(Observation((hang,), logs=other, is_complete=True)) == "", "another process printed it"


def test_what_may_hang_another_time_is_a_remark_with_its_cure() -> None:
    """It is not said twice of a hub that is asked for what is cached."""
    seen = Observation((), logs={"serving stderr": f"{FORKED}\n"}, is_complete=True)
    (remark,) = list_log_errors(seen, POLICIES)
    assert "it may hang another time: keep tokenizers to one thread: ENV TOKENIZERS_PARALLELISM=false" in remark
    asked = StageResult("own-lookup", "passed", kind="asks-hub")
    assert list_log_errors(Observation((asked,), logs={"model stderr": f"{RETRY}\n"}), POLICIES) == ()


def test_what_programs_print_for_want_of_a_gpu_is_none() -> None:
    """Where there is none."""
    driver = StageResult("driver", "skipped")
    logs = {"generation stderr": f"{NO_DRIVER}\n{ORT}\n"}
    assert list_log_errors(Observation((driver,), logs=logs, is_complete=True), POLICIES) == ()
    assert len(list_log_errors(Observation((StageResult("driver", "passed"),), logs=logs), POLICIES)) == 2


def test_an_engines_refusal_is_known() -> None:
    """By the same table."""
    known = find_known_error('could not select device driver "" with capabilities: [[gpu]]', POLICIES)
    assert known is not None
    assert known.id == "no-device-driver"


def test_what_ends_an_import_or_a_thread_is_known() -> None:
    """sys.exit() is told only where nothing else is; a limit of processes by any of its messages."""
    assert name(observe("torch: SystemExit: 0")) == "system-exit"
    assert name(observe("torch: SystemExit: 1", generation_stderr=CUDART)) == "libcudart-missing"
    for message in ("can't start new thread", "sh: can't fork: Resource temporarily unavailable"):
        assert name(observe("ValueError: x", generation_stderr=message)) == "no-more-processes"
    assert name(observe("BlockingIOError: [Errno 10] No child processes")) == ""


@pytest.mark.parametrize(("python", "is_told"), [("", False), ("3.11", True)])
def test_an_image_without_python_is_not_cured_by_pip(python: str, *, is_told: bool) -> None:
    """SIGILL has other cures."""
    stage = StageResult("listen", "crashed", kind="crash", detail="Illegal instruction (core dumped)")
    verdict = judge(Observation((stage,), python=python, is_complete=True))
    assert verdict.known is not None
    assert verdict.known.id == "sigill"
    assert any("pip install" in cure for cure in verdict.cures) is is_told
    assert any("GGML_NATIVE" in cure for cure in verdict.cures)
    assert not verdict.cures[0].startswith("or ")
