"""A server of models, started and asked: each fault is told by its stage and its kind, and a sound server is sound."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from layerscope.probe.limits import DEADLINES, Deadline
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import Observation
from layerscope.probe.serving_spec import SERVING_STAGES, ApiKey, ServerAddress, ServingSpec
from layerscope.probe.serving_verdict import describe_server
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, judge
from layerscope.progress import SilentProgress
from support.payload_stages import ask_server
from support.served_handler import serve_handler
from support.stub_server import StubHandler

STUB: Final = Path(__file__).parents[1] / "support/stub_server.py"
SILENT: Final = SilentProgress()
HUNG: Final = Deadline(1, 3)
"""For a stage that is meant to run into it."""


def find_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def run_stub(*arguments: str, expected: int | None = None, key: str = "", dialect: str = "openai") -> Observation:
    """What the probe sees of the stub with those arguments."""
    port = find_port()
    serving = ServingSpec(
        name="stub",
        argv=(sys.executable, str(STUB), "--port", str(port), *arguments),
        env={"PYTHONUNBUFFERED": ""},
        port=expected or port,
        health=("/health",) if dialect else (),
        dialect=dialect,
        is_certain=bool(dialect),
        key=ApiKey(key),
    )
    return run_here(ProbeSpec(sys.executable, roles=("serving",), serving=serving), progress=SILENT)


def shorten(monkeypatch: pytest.MonkeyPatch, *stages: str) -> None:
    """Give those stages little time."""
    monkeypatch.setattr("layerscope.probe.spec.DEADLINES", {**DEADLINES, **dict.fromkeys(stages, HUNG)})


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--load-seconds", "1"),
        ("--fault", "silent"),
    ],
    ids=lambda arguments: arguments[-1] if arguments else "sound",
)
def test_a_sound_server_generates(arguments: tuple[str, ...]) -> None:
    """Also one that loads for a while, or that says little."""
    seen = run_stub(*arguments)
    verdict = judge(seen)
    assert seen.is_complete
    assert (verdict.outcome, verdict.root) == (Outcome.GENERATED, ""), verdict
    assert "stub with stub-model answers" in verdict.title
    assert verdict.is_good
    assert verdict.remarks == ()


@pytest.mark.parametrize("oddity", ["thinks-16", "thinks-untold", "no-completion", "no-usage", "stream-no-done"])
def test_an_odd_server_is_sound_as_well(oddity: str) -> None:
    """One that thinks first, or that offers or tells less; only a missing [DONE] is a remark."""
    with serve_stub(oddity) as port:
        verdict = judge(ask_server(port))
    assert (verdict.outcome, verdict.root) == (Outcome.GENERATED, ""), verdict
    assert bool(verdict.remarks) == (oddity == "stream-no-done"), verdict.remarks


def test_tokens_that_are_counted_and_spent_are_a_limit_without_a_reason_too() -> None:
    """The next stage tells whether a text follows."""
    with serve_stub("thinks-untold") as port:
        stage = ask_server(port).find("chat-16")
    assert stage is not None
    assert (stage.status, stage.detail) == ("passed", "16 tokens are spent without a text")


def test_a_known_server_is_not_told_of_transformers_limit_by_a_count() -> None:
    """A limit that it names is told as any other."""
    with serve_stub("stops-at-20") as port:
        assert judge(ask_server(port, name="vLLM")).is_good
    with serve_stub("cut-at-20") as port:
        verdict = judge(ask_server(port, name="vLLM"))
    assert (verdict.outcome, "transformers" in verdict.reason) == (Outcome.TRUNCATED, False)
    assert "after 20 tokens" in verdict.reason


def test_stages_and_speeds_of_a_sound_server_are_told() -> None:
    """The port, the model, the first text of a stream and the tokens a second."""
    seen = run_stub()
    assert [stage.name for stage in seen.stages] == list(SERVING_STAGES)
    assert {stage.status for stage in seen.stages} == {"passed"}
    server = describe_server(seen)
    assert server is not None
    assert (server.name, server.model) == ("stub", "stub-model")
    assert server.first_text is not None
    assert server.tokens_per_second is not None
    assert "POST /v1/chat/completions" in seen.logs["serving stdout"]


FAULTS: Final[Mapping[str, tuple[Outcome, str, str]]] = {
    "empty": (Outcome.EMPTY, "chat-16", "not one token"),
    "swallowed": (Outcome.EMPTY, "chat-16", "KeyError: 'answer'"),
    "special-only": (Outcome.SPECIAL_ONLY, "chat-16", "<|im_end|>"),
    "eos-first": (Outcome.SPECIAL_ONLY, "chat-16", "1 token came"),
    "cold": (Outcome.EMPTY, "chat-16", "the same call gave a text when it was asked again ('READY')"),
    "reasoning_content": (Outcome.OTHER_FIELD, "chat-16", "message.reasoning_content"),
    "reasoning": (Outcome.OTHER_FIELD, "chat-16", "message.reasoning"),
    "thinking": (Outcome.OTHER_FIELD, "chat-16", "message.thinking"),
    "refusal": (Outcome.OTHER_FIELD, "chat-16", "message.refusal"),
    "tool_calls": (Outcome.OTHER_FIELD, "chat-16", "tool_calls[0].function.arguments"),
    "content-list": (Outcome.OTHER_FIELD, "chat-16", "message.content[0].text"),
    "degenerate": (Outcome.DEGENERATE, "chat-16", "!!!!"),
    "stops-at-once": (Outcome.EMPTY, "chat-16", "without it there is a text: 'READY'"),
    "echo-trimmed": (Outcome.EMPTY, "chat-16", "the server counts 12 tokens"),
    "capped": (Outcome.TRUNCATED, "chat-512", "after 10 tokens"),
    "cut-at-20": (Outcome.TRUNCATED, "chat-512", "transformers' generate()"),
    "stops-at-20": (Outcome.TRUNCATED, "chat-512", "transformers' generate()"),
    "thinks-all": (Outcome.TRUNCATED, "chat-512", "512 tokens came and no text"),
    "stream-no-end": (Outcome.TRUNCATED, "stream", "without its mark of the end"),
    "stream-error": (Outcome.ERROR, "stream", "illegal memory access"),
    "delta-reasoning": (Outcome.OTHER_FIELD, "stream", "delta.reasoning"),
    "delta-text": (Outcome.OTHER_FIELD, "stream", "delta.text"),
    "late-503": (Outcome.ERROR, "chat-16", "503 queue full"),
    "no-template": (Outcome.ERROR, "chat-16", "must provide a chat template"),
    "template-in-log": (Outcome.ERROR, "chat-16", "chat_template is not set"),
    "internal-error": (Outcome.ERROR, "chat-16", "ValueError: shapes do not match"),
    "html": (Outcome.ERROR, "chat-16", "no JSON"),
    "die-chat": (Outcome.CRASH, "chat-16", "SIGSEGV"),
    "crash-start": (Outcome.CRASH, "listen", "loading kernels"),
    "exit-start": (Outcome.ERROR, "listen", "no supported config format"),
    "buffered": (Outcome.MUTE, "request-log", "only when it ends"),
}
"""Of each fault of the stub: the outcome, the stage that breaks first, and words of the reason."""


OWN: Final = frozenset({
    "swallowed", "template-in-log", "internal-error", "die-chat", "crash-start", "exit-start", "buffered",
})  # fmt: skip
"""Faults that the server's process or its output tells of; the others are in its answers alone."""


@contextmanager
def serve_stub(*faults: str) -> Iterator[int]:
    """The port of a stub with those faults, in a thread of the test."""
    handler = type("Faulty", (StubHandler,), {"faults": frozenset({*faults, "silent"})})
    with serve_handler(handler) as port:
        yield port


def test_a_sound_server_has_no_fault() -> None:
    """The neighbour of all that follow."""
    with serve_stub() as port:
        verdict = judge(ask_server(port))
    assert (verdict.outcome, verdict.root, verdict.remarks) == (Outcome.GENERATED, "", ())


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_has_its_stage_and_its_kind(fault: str) -> None:
    """No two ways of giving no output are the same answer, and each comes with something to do or to look at."""
    if fault in OWN:
        seen = run_stub("--fault", fault)
    else:
        with serve_stub(fault) as port:
            seen = ask_server(port)
    verdict = judge(seen)
    outcome, root, words = FAULTS[fault]
    assert (verdict.outcome, verdict.root) == (outcome, root), verdict
    assert words in verdict.reason
    assert not verdict.is_good
    assert verdict.cures


@pytest.mark.parametrize(
    ("fault", "outcome", "root", "words"),
    [
        ("hang-start", Outcome.HANG, "listen", "listens on no port: it waits"),
        ("always-503", Outcome.ERROR, "health", "503 Loading model"),
        ("hang-chat", Outcome.HANG, "chat-16", "no byte came in time: it waits"),
        ("stream-stalls", Outcome.HANG, "stream", "stands still after 3 pieces"),
    ],
)
def test_a_server_that_keeps_one_waiting_is_cut(
    fault: str, outcome: Outcome, root: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the time of its stage, and with what it does meanwhile."""
    shorten(monkeypatch, root, "chat-512" if root == "chat-16" else root)
    began = time.monotonic()
    verdict = judge(run_stub("--fault", fault))
    assert (verdict.outcome, verdict.root) == (outcome, root), verdict
    assert words in verdict.reason
    assert verdict.cures
    assert time.monotonic() - began < 30


def test_what_a_server_last_printed_is_told_while_it_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the threads of its processes, with what they wait for."""
    shorten(monkeypatch, "listen")
    seen = run_stub("--fault", "hang-start")
    stage = seen.find("listen")
    assert stage is not None
    assert "fetching the model from the hub" in stage.detail
    assert stage.wait is not None
    assert {wait.waits_for for wait in stage.wait.waits}
    assert not stage.wait.stacks  # they would be ours


def test_a_missing_template_has_its_cure() -> None:
    """Whichever way the server says it."""
    for fault in ("no-template", "template-in-log"):
        assert any(
            "chat_template.jinja" in cure or "--chat-template" in cure
            for cure in judge(run_stub("--fault", fault)).cures
        )


@pytest.mark.parametrize(
    ("fault", "words", "misleading"),
    [
        ("stream-error", "CUDA_LAUNCH_BLOCKING=1", "max_tokens"),
        ("html", "curl -i", "--patience"),
        ("late-503", "it was ready before", "--patience"),
    ],
)
def test_a_fault_after_the_start_has_a_cure_of_its_own(fault: str, words: str, misleading: str) -> None:
    """One that can be done, and not that of a server that loads."""
    with serve_stub(fault) as port:
        cures = judge(ask_server(port)).cures
    assert any(words in cure for cure in cures), cures
    assert not any(misleading in cure for cure in cures)


def test_a_template_is_suspected_where_a_raw_prompt_gives_a_text() -> None:
    """And not where an exception tells why there is none."""
    assert any("chat template" in remark for remark in judge(run_stub("--fault", "empty")).remarks)
    assert not any("chat template" in remark for remark in judge(run_stub("--fault", "swallowed")).remarks)


def test_a_port_on_the_loopback_address_alone_is_a_remark() -> None:
    """From outside the container it would be refused."""
    verdict = judge(run_stub("--host", "127.0.0.1"))
    assert verdict.outcome is Outcome.GENERATED
    assert ["loopback address alone" in remark for remark in verdict.remarks] == [True]


def test_another_port_than_the_expected_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among the sockets of its own processes: of all that listens on this host, no other is asked."""
    shorten(monkeypatch, "listen")
    verdict = judge(run_stub(expected=find_port()))
    assert verdict.outcome is Outcome.GENERATED, verdict
    assert ["was expected" in remark for remark in verdict.remarks] == [True]


def test_a_key_is_wanted_and_taken() -> None:
    """Without one, the server's refusal is told; with it, texts come; with a wrong one, the key is never shown."""
    verdict = judge(run_stub("--key", "sesame"))
    assert (verdict.outcome, verdict.root) == (Outcome.ERROR, "models")
    assert any("--api-key-env" in cure for cure in verdict.cures)
    assert judge(run_stub("--key", "sesame", key="sesame")).is_good
    seen = run_stub("--key", "sesame", key="invented")
    assert judge(seen).root == "models"
    assert "invented" not in str(seen)


def test_an_unknown_server_is_asked_for_its_api() -> None:
    """One with the API of OpenAI is found out; one without any is no failure."""
    assert judge(run_stub(dialect="")).is_good
    port = find_port()
    serving = ServingSpec(argv=(sys.executable, "-m", "http.server", str(port)), port=port, folder=str(STUB.parent))
    verdict = judge(run_here(ProbeSpec(sys.executable, roles=("serving",), serving=serving), progress=SILENT))
    assert (verdict.outcome, verdict.root) == (Outcome.UNPROVED, "")
    assert "was not made to generate" in verdict.title


@pytest.fixture
def running() -> Iterator[int]:
    """The port of a stub that runs already."""
    port = find_port()
    process = subprocess.Popen([sys.executable, STUB, "--port", str(port)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield port
    process.terminate()
    process.wait(10)
    process.stdout.close()


def test_a_server_that_runs_already_is_asked(running: int) -> None:
    """All but its log, which is not seen from outside; afterwards it runs on."""
    serving = ServingSpec(address=ServerAddress("127.0.0.1", running), is_certain=True, model="stub-model")
    spec = ProbeSpec(sys.executable, roles=("serving",), serving=serving)
    for _ in range(2):
        seen = run_here(spec, progress=SILENT)
        assert judge(seen).is_good, seen
        assert [stage.name for stage in seen.stages] == list(SERVING_STAGES[:-1])
    other = ServingSpec(address=ServerAddress("127.0.0.1", running), is_certain=True, model="another")
    verdict = judge(run_here(ProbeSpec(sys.executable, roles=("serving",), serving=other), progress=SILENT))
    assert (verdict.root, verdict.outcome) == ("models", Outcome.ERROR)
    assert "it serves stub-model, and no another" in verdict.reason


def test_a_closed_port_is_told() -> None:
    """With what to look at."""
    serving = ServingSpec(address=ServerAddress("127.0.0.1", find_port()), is_certain=True)
    verdict = judge(run_here(ProbeSpec(sys.executable, roles=("serving",), serving=serving), progress=SILENT))
    assert (verdict.root, verdict.outcome) == ("listen", Outcome.ERROR)
    assert "refused" in verdict.reason
    assert verdict.cures


def test_a_command_that_is_not_there_is_told() -> None:
    """As an engine would tell it."""
    serving = ServingSpec(argv=("/opt/none",), port=find_port())
    verdict = judge(run_here(ProbeSpec(sys.executable, roles=("serving",), serving=serving), progress=SILENT))
    assert (verdict.root, verdict.outcome) == ("listen", Outcome.ERROR)
    assert "starting '/opt/none': No such file or directory" in verdict.reason


def test_the_server_and_what_it_starts_are_gone_afterwards(tmp_path: Path) -> None:
    """Whatever becomes of the probe."""
    script = tmp_path / "serve.sh"
    script.write_text(f"{sys.executable} -c 'import time; time.sleep(600)' & echo $! > {tmp_path}/pid\nexec \"$@\"\n")
    port = find_port()
    argv = ("/bin/sh", str(script), sys.executable, str(STUB), "--port", str(port))
    serving = ServingSpec(argv=argv, port=port, health=("/health",), dialect="openai", is_certain=True)
    assert judge(run_here(ProbeSpec(sys.executable, roles=("serving",), serving=serving), progress=SILENT)).is_good
    child = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", port)) != 0
