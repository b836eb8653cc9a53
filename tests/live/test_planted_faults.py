"""Images with one planted fault each, probed as people do: the first broken stage, its class and its cure are right.

The same images without the fault are probed as well, and nothing is reported of them.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import exit_codes
from layerscope.probe.canary_files import MODEL
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.spec import OWN_STAGES
from support import faulty_models as faulty
from support.live_engines import LiveEngine
from support.live_probe import Probed, probe_tidily
from support.planted_images import PLAIN, TORCH, build_planted, hold, import_plain, import_torch, list_tree, start_with
from support.python_image import SITE
from support.tar_writer import TarMember, directory, file
from support.torch_python import find_torch_python

STUB: Final = Path(__file__).parents[1] / "support/stub_server.py"
MODEL_PLACE: Final = "models/canary"
OWN: Final = tuple(name for name in OWN_STAGES if name != "own-lookup")
SERVING: Final = tuple(SERVING_STAGES)


@dataclass(frozen=True)
class Bench:
    """An engine with the bases, and where what was read of them is kept."""

    engine: LiveEngine
    cache: Path
    scratch: Path

    def probe(
        self, base: str, name: str, *files: TarMember, changes: Sequence[str] = (), options: Sequence[str] = ()
    ) -> Probed:
        """An image built and probed; the probe leaves nothing."""
        tag = build_planted(self.engine, base, name, *files, changes=changes)
        scratch = self.scratch / name
        scratch.mkdir()
        return probe_tidily(self.engine, tag, self.cache, scratch, *options)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "planted"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def plain(docker_engine: LiveEngine, shared: Path, tmp_path: Path) -> Bench:
    """With a Python."""
    with hold(shared / "plain.lock"):
        import_plain(docker_engine)
    return Bench(docker_engine, shared / "cache", tmp_path)


@pytest.fixture
def torch(docker_engine: LiveEngine, shared: Path, tmp_path: Path) -> Bench:
    """With PyTorch, whose layer has been read."""
    python = find_torch_python()
    with hold(shared / "torch.lock"):
        import_torch(docker_engine, python)
        if not (shared / "read").exists():
            command = [sys.executable, "-m", "layerscope", "layers", f"docker:{TORCH}"]
            environment = {**os.environ, **docker_engine.environment}
            command += ["--cache-dir", str(shared / "cache"), "-o", "json"]
            subprocess.run(command, check=True, capture_output=True, env=environment)
            (shared / "read").touch()
    return Bench(docker_engine, shared / "cache", tmp_path)


def put_model(folder: Path, change: faulty.Change | None = None) -> tuple[TarMember, ...]:
    """The canary as the model of an image, with that changed in it."""
    return directory("models"), *list_tree(faulty.write_model(folder / "model", change), MODEL_PLACE)


def chat(folder: Path) -> None:
    """A chat model with code of its own."""
    (folder / "chat_template.jinja").write_text(faulty.TEMPLATE)
    faulty.bring_code(folder, faulty.SOUND_CODE)


def bring_unknown_chat(folder: Path) -> None:
    """A chat model of a kind that transformers does not know."""
    (folder / "chat_template.jinja").write_text(faulty.TEMPLATE)
    faulty.bring_unknown_kind(folder)


def break_stream(folder: Path) -> None:
    """The same, whose code raises where a stream is asked for."""
    chat(folder)
    faulty.bring_code(folder)


NAMED: Final = (f"ENV MODEL_PATH /{MODEL_PLACE}",)
SERVED: Final = (*start_with("vllm", "serve", f"/{MODEL_PLACE}", "--trust-remote-code"), "ENV HF_HOME /tmp/hf")
HUB: Final = "opt/hub/hub/models--layerscope--canary"
BY_NAME: Final = ("ENV HF_HOME /opt/hub", "ENV MODEL_ID layerscope/canary", "ENV HF_ENDPOINT http://127.0.0.1:9411")
SILENT_HUB: Final = b"import socket; hub = socket.create_server(('127.0.0.1', 9411), reuse_port=True)\n"
"""A line that Python runs at its start: something takes connections to the hub, and never answers."""


def put_in_cache(folder: Path) -> tuple[TarMember, ...]:
    """A model of the hub, whole and cached, and a hub that does not answer."""
    tree = folder / "snapshots" / ("4d" * 20)
    faulty.write_model(tree)
    above = [directory(place) for place in ("opt", "opt/hub", "opt/hub/hub")]
    refs = (directory(f"{HUB}/refs"), file(f"{HUB}/refs/main", b"4d" * 20))
    return (*above, *list_tree(folder, HUB), *refs, file(f"{SITE}/hub.pth", SILENT_HUB))


def assert_sound(probed: Probed) -> None:
    """It generates, and neither a finding nor a remark is made of it."""
    code, document, talk = probed
    assert code == exit_codes.CLEAN, (document, talk)
    verdict = document["probe"]["verdict"]
    assert (verdict["outcome"], verdict["root"], verdict["reason"]) == ("generated", "", "")
    assert (verdict["remarks"], document["findings"], document["probe"]["warnings"]) == ([], [], [])


@dataclass(frozen=True)
class Expected:
    """What is to be said of a fault."""

    root: str
    kind: str
    outcome: str
    cure: str = ""


def assert_broken(probed: Probed, expected: Expected, follow: Sequence[str]) -> None:
    """That stage broke first, and those that follow are its consequences."""
    code, document, talk = probed
    assert code == exit_codes.FINDINGS, (document, talk)
    probe, verdict = document["probe"], document["probe"]["verdict"]
    assert Expected(verdict["root"], verdict["kind"], verdict["outcome"], expected.cure) == expected, verdict
    assert set(verdict["consequences"]) == set(follow)
    broken = [each for each in probe["stages"] if each["status"] in {"failed", "hung", "crashed"}]
    assert broken[0]["name"] == expected.root
    assert {each["kind"] for each in broken} == {broken[0]["kind"]}, "another fault than the one that was planted"
    assert any(expected.cure in each for each in verdict["cures"]), verdict["cures"]
    told = [each for each in document["findings"] if each["code"].startswith("PROBE")]
    assert len(told) == 1, told
    assert any(words.casefold() in told[0]["message"].casefold() for words in (verdict["title"], "the image needs"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["named", "served", "cached"])
def test_sound_images_with_a_model_of_their_own_report_nothing(kind: str, torch: Bench, tmp_path: Path) -> None:
    """Named by a variable, served with code and a template, and found in a hub's cache without asking the hub."""
    if kind == "cached":
        files, changes = put_in_cache(tmp_path / "cache"), [*BY_NAME, "ENV HF_HUB_OFFLINE 1"]
    else:
        files = put_model(tmp_path, chat if kind == "served" else None)
        changes = [*(SERVED if kind == "served" else NAMED)]
    probed = torch.probe(TORCH, f"sound-{kind}", *files, changes=changes, options=["--no-server"])
    assert_sound(probed)
    assert "the image's own model generates on the CPU" in probed.document["probe"]["verdict"]["title"]


@dataclass(frozen=True)
class Fault:
    """A model with one fault, and what is to be said of it."""

    name: str
    change: faulty.Change
    expected: Expected
    changes: Sequence[str] = field(default=NAMED)


def cut(folder: Path) -> None:
    """Leave the last 100 bytes of the weights out."""
    (folder / MODEL).write_bytes((folder / MODEL).read_bytes()[:-100])


def point(folder: Path) -> None:
    """A pointer in place of the weights."""
    (folder / MODEL).write_bytes(faulty.POINTER)


FAULTS: Final = (
    Fault("lfs-pointer", point, Expected("own-weights", "lfs-pointer", "error", "git lfs pull")),
    Fault("truncated", cut, Expected("own-weights", "truncated-file", "error", "Download it again")),
    Fault("dangling", faulty.dangle, Expected("own-weights", "missing-shard", "error", "blobs included")),
    Fault("missing-tensor", faulty.drop_tensor, Expected("own-weights", "missing-tensor", "degenerate", "again")),
    Fault("wrong-shape", faulty.claim_tokens, Expected("own-weights", "wrong-shape", "error", "same revision")),
    Fault("vocabulary", faulty.widen_tokenizer, Expected("own-weights", "wrong-vocabulary", "error", "tokenizer")),
    Fault("overflow", faulty.overflow, Expected("own-prefill", "overflow", "degenerate", "bfloat16")),
    Fault("eos-first", faulty.end_first, Expected("own-decode", "eos-first", "special-only", "eos_token_id")),
    Fault("no-template", faulty.bring_code, Expected("own-tokenizer", "no-chat-template", "error", "jinja"), SERVED),
    Fault("stream", break_stream, Expected("own-stream", "swallowed-exception", "hang", "timeout"), SERVED),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_model_with_a_fault_breaks_at_its_stage(fault: Fault, torch: Bench, tmp_path: Path) -> None:
    """All else in the image is sound, and passes."""
    files = put_model(tmp_path, fault.change)
    probed = torch.probe(TORCH, fault.name, *files, changes=fault.changes, options=["--no-server"])
    assert_broken(probed, fault.expected, OWN[OWN.index(fault.expected.root) + 1 :])


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


STALLS: Final = (
    ("stream-stalls", ("--fault", "stream-stalls"), "stream", "stands still after 3 pieces", "0.2"),
    ("hang-start", ("--fault", "hang-start"), "listen", "fetching the model from the hub", "0.1"),
    ("dead-server", ("--fault", "dies-behind"), "listen", "listens on no port", "0.1"),
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


@pytest.mark.slow
def test_a_hub_that_does_not_answer_is_named(torch: Bench, tmp_path: Path) -> None:
    """Although the model is cached, and there is no network to wait for."""
    files = put_in_cache(tmp_path / "cache")
    options = ["--no-server", "--patience", "0.4"]
    probed = torch.probe(TORCH, "silent-hub", *files, changes=BY_NAME, options=options)
    assert_broken(probed, Expected("own-lookup", "", "hang", "HF_HUB_OFFLINE=1"), OWN)
    assert "asking the hub (http://127.0.0.1:9411)" in probed.document["probe"]["verdict"]["reason"]


def plant_in_packages(fault: str) -> TarMember:
    """Another version of tokenizers than transformers takes, or a library that was not copied whole."""
    if fault == "cut":
        return file(f"{SITE}/torch/lib/libtorch_python.so", b"\x7fELF" + bytes(60), mode=0o755)
    code = "import importlib.metadata; print(importlib.metadata.version('tokenizers'))"
    asked = subprocess.run([find_torch_python(), "-c", code], capture_output=True, text=True, check=True)
    place = f"{SITE}/tokenizers-{asked.stdout.strip()}.dist-info/METADATA"
    return file(place, b"Metadata-Version: 2.1\nName: tokenizers\nVersion: 0.1\n")


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "words"), [("pinned", "tokenizers==0.1"), ("cut", "libtorch_python.so")])
def test_a_package_that_cannot_be_imported_is_named(fault: str, words: str, torch: Bench) -> None:
    """With what to do, or with the finding in the image's files that the import confirms."""
    probed = torch.probe(TORCH, f"package-{fault}", plant_in_packages(fault), options=["--model", "none"])
    code, document, talk = probed
    assert code == exit_codes.FINDINGS, (document, talk)
    verdict = document["probe"]["verdict"]
    assert (verdict["root"], verdict["outcome"]) == ("imports", "error"), verdict
    assert words in verdict["reason"]
    assert verdict["cures"] or any(each["confirmed"] for each in document["findings"])


@pytest.mark.slow
def test_a_server_whose_model_would_ask_for_leave_is_told(torch: Bench, tmp_path: Path) -> None:
    """Nobody is there to answer whether the model's own code is to be run."""
    text = (
        "#!/usr/local/bin/python3\nimport sys, transformers\n"
        "transformers.AutoModelForCausalLM.from_pretrained(sys.argv[2])\n"
    )
    files = (*put_model(tmp_path, bring_unknown_chat), file("usr/local/bin/vllm", text.encode(), mode=0o755))
    changes = [*start_with("vllm", "serve", f"/{MODEL_PLACE}"), "ENV HF_HOME /tmp/hf"]
    probed = torch.probe(TORCH, "asks", *files, changes=changes)
    code, document, talk = probed
    assert code == exit_codes.FINDINGS, (document, talk)
    verdict = document["probe"]["verdict"]
    assert (verdict["root"], verdict["outcome"]) == ("listen", "error"), verdict
    assert any("trust" in each for each in verdict["cures"]), verdict


def test_probes_in_a_row_leave_nothing(plain: Bench) -> None:
    """No container, process or temporary file, each of which the bench looks for; nor a label."""
    for number in range(5):
        probed = plain.probe(PLAIN, f"row-{number}", options=["--model", "none"])
        assert probed.code == exit_codes.PROBE, probed.talk  # nothing in it generates
