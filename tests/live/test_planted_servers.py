"""Images that serve with one planted fault each, started by their own entrypoint: stage, class and cure are right."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import exit_codes
from layerscope.probe.serving_spec import SERVING_STAGES
from support.live_probe import Probed, list_left
from support.planted_bench import Bench, Expected, assert_broken, assert_sound
from support.planted_images import PLAIN, build_planted, start_with
from support.tar_writer import TarMember, file

STUB: Final = Path(__file__).parents[1] / "support/stub_server.py"
SERVING: Final = tuple(SERVING_STAGES)


def put_stub(program: str = "vllm") -> TarMember:
    """The stub under the name of a server that is known."""
    return file(f"usr/local/bin/{program}", b"#!/usr/local/bin/python3\n" + STUB.read_bytes(), mode=0o755)


def serve(*faults: str, arguments: Sequence[str] = ()) -> list[str]:
    """Instructions for the stub with these faults, as the image's own entrypoint."""
    switched = [word for fault in faults for word in ("--fault", fault)]
    return [*start_with("vllm", "serve", "/models/stub", *switched, *arguments), "EXPOSE 8000"]


def follow_in_serving(root: str) -> Sequence[str]:
    """What cannot be asked of a server that broke there."""
    return SERVING[SERVING.index(root) + 1 :] if root == "listen" else ["stream"] if root == "chat-16" else []


SERVERS: Final = {
    "swallowed": Expected("chat-16", "empty", "empty", "an exception that is caught"),
    "eos-first": Expected("chat-16", "special-only", "special-only", "eos_token_id"),
    "reasoning_content": Expected("chat-16", "other-field", "other-field", "Read that field"),
    "degenerate": Expected("chat-16", "degenerate", "degenerate", "bfloat16"),
    "stops-at-once": Expected("chat-16", "stop-string", "empty", "Take the stop string out"),
    "echo-trimmed": Expected("chat-16", "trimmed", "empty", "output[0][input_ids.shape[1]:]"),
    "capped": Expected("chat-512", "truncated", "truncated", "max_new_tokens"),
    "no-template": Expected("chat-16", "template-missing", "error", "chat_template.jinja"),
    "late-503": Expected("chat-16", "unavailable", "error", "queue"),
    "stream-error": Expected("stream", "stream-error", "error", "server's log"),
    "crash-start": Expected("listen", "crash", "crash"),
    "exit-start": Expected("listen", "error", "error"),
    "buffered": Expected("request-log", "mute", "mute", "PYTHONUNBUFFERED=1"),
}
"""Faults of the stub, and what is to be said of each."""


def test_a_sound_server_reports_nothing(plain: Bench) -> None:
    """The neighbour of all servers with a fault."""
    assert_sound(plain.probe(PLAIN, "sound-server", put_stub(), changes=serve()))


@pytest.mark.parametrize("fault", SERVERS)
def test_a_server_with_a_fault_is_told_by_its_own_entrypoint(fault: str, plain: Bench) -> None:
    """In a container without a network."""
    changes = serve(fault) + (["ENV PYTHONUNBUFFERED="] if fault == "buffered" else [])
    probed = plain.probe(PLAIN, f"server-{fault.replace('_', '-')}", put_stub(), changes=changes)
    assert_broken(probed, SERVERS[fault], follow_in_serving(SERVERS[fault].root))


LOG: Final = "/tmp/server.log"  # noqa: S108 -- in a container
HIDDEN: Final = {
    "log-to-file": (["--log-file", LOG], [], f"{LOG}, where no engine looks"),
    "log-to-nowhere": ([], [], "its output goes to /dev/null"),
    "log-held-back": ([], ["ENV LOG_LEVEL error"], "LOG_LEVEL=error holds its log back"),
}
"""Servers of which nothing is heard: arguments, instructions, and words of the remark."""


@pytest.mark.parametrize("fault", HIDDEN)
def test_a_server_of_which_nothing_is_heard_says_why(fault: str, plain: Bench) -> None:
    """It answers all the same: one remark, with where its log is or what holds it back."""
    arguments, changes, words = HIDDEN[fault]
    probed = plain.probe(PLAIN, fault, put_stub(), changes=[*serve(fault, arguments=arguments), *changes])
    verdict = probed.document["probe"]["verdict"]
    assert (verdict["outcome"], verdict["root"]) == ("generated", ""), probed.talk
    assert [words in each for each in verdict["remarks"]] == [True], verdict["remarks"]


def test_a_server_with_another_level_reports_nothing(plain: Bench) -> None:
    """The neighbour: what it prints arrives."""
    assert_sound(plain.probe(PLAIN, "log-level-info", put_stub(), changes=[*serve(), "ENV LOG_LEVEL info"]))


STALLS: Final = (
    ("stream-stalls", ("--fault", "stream-stalls"), "stream", "stands still after 3 pieces", "0.2"),
    ("hang-start", ("--fault", "hang-start"), "listen", "fetching the model from the hub", "0.06"),
    ("dead-server", ("--fault", "dies-behind"), "listen", "listens on no port", "0.06"),
)
"""Servers that keep one waiting, how long they are waited for, and what is said of them."""


@pytest.mark.slow
def test_servers_that_keep_one_waiting_are_cut_and_named(plain: Bench) -> None:
    """A stream that stands still, a start that waits for a hub, and a supervisor that outlives its server."""

    def run(stall: tuple[str, Sequence[str], str, str, str]) -> Probed:
        name, arguments, _, _, patience = stall
        changes = serve(arguments=arguments)
        return plain.probe(PLAIN, name, put_stub(), changes=changes, options=["--patience", patience])

    with ThreadPoolExecutor(len(STALLS)) as pool:
        for stall, probed in zip(STALLS, pool.map(run, STALLS), strict=True):
            _, _, root, words, _ = stall
            assert_broken(probed, Expected(root, "hang", "hang"), follow_in_serving(root))
            assert words in probed.document["probe"]["verdict"]["reason"]


NEEDS: Final = {
    "name": ("import os, pwd\npwd.getpwuid(os.getuid())\n", ["root"]),
    "folder": ("import os\nos.mkdir('/modules')\n", ["root", "writable-root"]),
    "home": ("import pathlib\n(pathlib.Path.home() / '.cache' / 'x').mkdir(parents=True)\n", ["home"]),
}


@pytest.mark.parametrize("needed", NEEDS)
def test_what_a_server_needs_is_named(needed: str, plain: Bench) -> None:
    """It was written for root on a disk of its own: a second run with default rights says so."""
    text, names = NEEDS[needed]
    program = file("usr/local/bin/vllm", f"#!/usr/local/bin/python3\n{text}".encode() + STUB.read_bytes(), mode=0o755)
    probed = plain.probe(PLAIN, f"needs-{needed}", program, changes=serve())
    assert_broken(probed, Expected("listen", "error", "error", "Run it with"), follow_in_serving("listen"))
    assert sorted(each["name"] for each in probed.document["probe"]["needs"]) == names
    assert probed.document["probe"]["variants"]["default"]["stages"]["listen"] == "passed"


def test_probes_in_a_row_leave_nothing(plain: Bench) -> None:
    """No container, process or temporary file, each of which the bench looks for; nor a label."""
    for number in range(5):
        probed = plain.probe(PLAIN, f"row-{number}", options=["--model", "none"])
        assert probed.code == exit_codes.PROBE, probed.talk  # nothing in it generates


def test_threads_beyond_a_limit_of_processors_are_told(plain: Bench, tmp_path: Path) -> None:
    """A printed command with a limit of its own; as many threads as the limit feeds are none too many."""
    environment = {**os.environ, **plain.engine.environment}
    program = [sys.executable, "-m", "layerscope", "probe", "--cache-dir", str(plain.cache)]
    for threads, expected in ((8, ["Set OMP_NUM_THREADS=1"]), (1, [])):
        tag = build_planted(plain.engine, PLAIN, f"threads-{threads}", changes=[f"ENV OMP_NUM_THREADS {threads}"])
        emit = [*program, "--emit", "docker", f"docker:{tag}"]
        script = subprocess.run(emit, capture_output=True, check=True, env=environment, text=True).stdout
        limited = script.replace("--network none", "--cpus 1 --network none")
        log = tmp_path / f"{threads}.log"
        log.write_bytes(subprocess.run(["sh", "-c", limited], capture_output=True, check=True, env=environment).stdout)
        read = subprocess.run([*program, "--read", str(log), "-o", "json"], capture_output=True, check=False)
        warnings = json.loads(read.stdout)["probe"]["warnings"]
        assert [each["cure"] for each in warnings if each["kind"] == "cpu-quota-oversubscribed"] == expected
    assert list_left(plain.engine) == []
