"""Images with one planted fault each, probed as people do: the first broken stage, its class and its cure are right.

The same images without the fault are probed as well, and nothing is reported of them.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import exit_codes
from layerscope.probe.canary_files import MODEL
from layerscope.probe.spec import OWN_STAGES
from support import chat_templates as templates
from support import faulty_models as faulty
from support.live_probe import Probed
from support.planted_bench import Bench, Expected, assert_broken, assert_sound
from support.planted_images import TORCH, list_tree, start_with
from support.python_image import SITE
from support.tar_writer import TarMember, directory, file
from support.torch_python import find_torch_python

MODEL_PLACE: Final = "models/canary"
OWN: Final = tuple(name for name in OWN_STAGES if name != "own-lookup")


def put_model(folder: Path, change: faulty.Change | None = None) -> tuple[TarMember, ...]:
    """The canary as the model of an image, with that changed in it."""
    return directory("models"), *list_tree(faulty.write_model(folder / "model", change), MODEL_PLACE)


def chat(folder: Path) -> None:
    """A chat model with code of its own."""
    (folder / "chat_template.jinja").write_text(templates.TEMPLATE)
    faulty.bring_code(folder, faulty.SOUND_CODE)


def bring_unknown_chat(folder: Path) -> None:
    """A chat model of a kind that transformers does not know."""
    (folder / "chat_template.jinja").write_text(templates.TEMPLATE)
    faulty.bring_unknown_kind(folder)


def chat_nearly(folder: Path) -> None:
    """A chat model with the marks of ChatML as tokens, that reads two tokens less than it has positions for."""
    faulty.cut_prompts(folder, 62)
    faulty.know_marks(folder)


def lose_prompts(folder: Path) -> None:
    """Long words become one token, prompts are cut, and the chat template does not say who speaks."""
    faulty.limit_words(folder)
    faulty.cut_prompts(folder)
    (folder / "chat_template.jinja").write_text(templates.LIKE_ROLES)


def chat_as_another(folder: Path) -> None:
    """A chat template with marks that the tokenizer does not know."""
    (folder / "chat_template.jinja").write_text(templates.CHATML)


def break_stream(folder: Path) -> None:
    """The same, whose code raises where a stream is asked for."""
    chat(folder)
    faulty.bring_code(folder)


NAMED: Final = (f"ENV MODEL_PATH /{MODEL_PLACE}",)
SERVED: Final = (*start_with("vllm", "serve", f"/{MODEL_PLACE}", "--trust-remote-code"), "ENV HF_HOME /tmp/hf")
HUB: Final = "opt/hub/hub/models--layerscope--canary"
BY_NAME: Final = ("ENV HF_HOME /opt/hub", "ENV MODEL_ID layerscope/canary", "ENV HF_ENDPOINT http://127.0.0.1:9411")
SILENT_HUB: Final = b"import socket, sys; sys.hub = socket.create_server(('127.0.0.1', 9411), reuse_port=True)\n"
"""A line that Python runs at its start: something takes connections to the hub, and never answers."""


def put_in_cache(folder: Path) -> tuple[TarMember, ...]:
    """A model of the hub, whole and cached, and a hub that does not answer."""
    tree = folder / "snapshots" / ("4d" * 20)
    faulty.write_model(tree)
    above = [directory(place) for place in ("opt", "opt/hub", "opt/hub/hub")]
    refs = (directory(f"{HUB}/refs"), file(f"{HUB}/refs/main", b"4d" * 20))
    return (*above, *list_tree(folder, HUB), *refs, file(f"{SITE}/hub.pth", SILENT_HUB))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["served", "cached", "nearly"])
def test_sound_images_with_a_model_of_their_own_report_nothing(kind: str, torch: Bench, tmp_path: Path) -> None:
    """Served with code and a template, found in a hub's cache without asking it, and near what is cut or foreign."""
    if kind == "cached":
        files, changes = put_in_cache(tmp_path / "cache"), [*BY_NAME, "ENV HF_HUB_OFFLINE 1"]
    elif kind == "nearly":
        files, changes = put_model(tmp_path, chat_nearly), [*NAMED]
    else:
        files, changes = put_model(tmp_path, chat), [*SERVED]
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
    Fault("missing-tensor", faulty.drop_tensor, Expected("own-weights", "missing-tensor", "degenerate", "again")),
    Fault("wrong-shape", faulty.claim_tokens, Expected("own-weights", "wrong-shape", "error", "same revision")),
    Fault("vocabulary", faulty.widen_tokenizer, Expected("own-weights", "wrong-vocabulary", "error", "tokenizer")),
    Fault("overflow", faulty.overflow, Expected("own-prefill", "overflow", "degenerate", "bfloat16")),
    Fault("eos-first", faulty.end_first, Expected("own-decode", "eos-first", "special-only", "eos_token_id")),
    Fault("template", chat_as_another, Expected("own-text", "special-only", "special-only", "chat_template")),
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


REMARKS: Final = (
    ("its unknown token of texts of such a kind: an unbroken word of 20,000 letters", "split long words"),
    ("model_max_length 16 of tokenizer_config.json cuts prompts", "raise model_max_length to 64"),
    ("truncation of tokenizer.json at 16 tokens cuts prompts", 'set "truncation": null'),
    ("what an assistant says alike", "take chat_template of the model's own repository"),
)
"""What is said of faults with which the model gives text all the same, and of what to do."""


@pytest.mark.slow
def test_what_is_lost_of_prompts_is_remarked(torch: Bench, tmp_path: Path) -> None:
    """The model gives text, and each fault is told with its cure."""
    files = put_model(tmp_path, lose_prompts)
    code, document, talk = torch.probe(TORCH, "lost-prompts", *files, changes=NAMED, options=["--no-server"])
    assert code == exit_codes.CLEAN, (document, talk)
    verdict = document["probe"]["verdict"]
    assert (verdict["outcome"], verdict["root"]) == ("generated", "")
    assert len(verdict["remarks"]) == len(REMARKS), verdict["remarks"]
    for words, cure in REMARKS:
        assert any(words in each and cure in each for each in verdict["remarks"]), words


@pytest.mark.slow
def test_a_hub_that_does_not_answer_is_named(torch: Bench, tmp_path: Path) -> None:
    """Although the model is cached, and there is no network to wait for."""
    files = put_in_cache(tmp_path / "cache")
    options = ["--no-server", "--patience", "0.4"]
    probed = torch.probe(TORCH, "silent-hub", *files, changes=BY_NAME, options=options)
    assert_broken(probed, Expected("own-lookup", "hang", "hang", "HF_HUB_OFFLINE=1"), OWN)
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


TRANSFORMERS_SERVER: Final = Path(__file__).parents[1] / "support/transformers_server.py"


def hold_long_chats(folder: Path) -> None:
    """A chat model with room for what is asked of a server."""
    faulty.widen_context(folder)
    (folder / "chat_template.jinja").write_text(templates.TEMPLATE)


def serve_by_transformers(torch: Bench, folder: Path, name: str, *options: str) -> Probed:
    """A server that a person wrote, with the canary as its model, probed."""
    program = b"#!/usr/local/bin/python3\n" + TRANSFORMERS_SERVER.read_bytes()
    files = (*put_model(folder, hold_long_chats), file("usr/local/bin/vllm", program, mode=0o755))
    changes = start_with("vllm", "serve", f"/{MODEL_PLACE}", *options)
    return torch.probe(TORCH, name, *files, changes=changes, options=["--model", "none"])


@pytest.mark.slow
def test_a_server_that_passes_the_limit_on_reports_nothing(torch: Bench, tmp_path: Path) -> None:
    """The neighbour of those that follow: its program gives generate() the tokens that a request asks for."""
    assert_sound(serve_by_transformers(torch, tmp_path, "limit-passed", "--pass-limit"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"), [((), "after 20 tokens"), (("--no-usage",), "after 20 characters")], ids=["counted", "untold"]
)
def test_a_server_that_asks_for_no_number_of_tokens_is_told(
    options: Sequence[str], words: str, torch: Bench, tmp_path: Path
) -> None:
    """20 tokens come, whatever is asked for: a default of transformers, and no limit of the request."""
    probed = serve_by_transformers(torch, tmp_path, f"no-limit{''.join(options)}", *options)
    assert_broken(probed, Expected("chat-512", "truncated", "truncated", "model.generate(..., max_new_tokens=N)"), ())
    reason = probed.document["probe"]["verdict"]["reason"]
    assert words in reason
    assert "its log says: Using the model-agnostic default `max_length`" in reason


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
