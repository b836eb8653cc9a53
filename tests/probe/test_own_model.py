"""The image's own model with one fault each: stage and class are right, and without the fault nothing is reported."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.probe.canary_files import MODEL
from layerscope.probe.limits import DEADLINES, Deadline
from layerscope.probe.local_model import find_local_model
from layerscope.probe.local_run import run_here
from layerscope.probe.model_search import ModelTarget
from layerscope.probe.observation import PASSED, SKIPPED, Observation
from layerscope.probe.remarks import find_left_out
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, Verdict, judge
from layerscope.progress import SilentProgress
from support import chat_templates as templates
from support import faulty_models as faulty
from support.torch_python import find_torch_python

MODULES = ("torch", "transformers")


def see(target: ModelTarget, **told: Any) -> tuple[Observation, Verdict]:
    """What becomes of that model, and the verdict."""
    spec = ProbeSpec(find_torch_python(), MODULES, device="cpu", roles=("model",), model=target, **told)
    seen = run_here(spec, progress=SilentProgress())
    return seen, judge(seen)


def in_folder(folder: Path, **told: Any) -> ModelTarget:
    """The model there."""
    return ModelTarget(str(folder), "named by the test", **told)


def test_a_sound_model_generates_and_nothing_is_reported(tmp_path: Path) -> None:
    """Every stage passes, without a doubt."""
    seen, verdict = see(in_folder(faulty.write_model(tmp_path / "model")))
    assert [(stage.name, stage.status, stage.kind) for stage in seen.stages] == [
        (name, PASSED, "")
        for name in (
            "own-tokenizer", "own-weights", "own-device", "own-prefill", "own-decode", "own-text", "own-stream",
        )
    ]  # fmt: skip
    assert verdict.root == ""
    text, weights = seen.find("own-text"), seen.find("own-weights")
    assert text is not None
    assert weights is not None
    assert "better than nested" in text.values["text"]
    assert weights.values["memory"]["rss"] > 1 << 20
    tokenizer = seen.find("own-tokenizer")
    assert tokenizer is not None
    assert tokenizer.values["canaries"]["bad utf-8"]["error"] == "TypeError"
    assert tokenizer.values["canaries"]["empty"]["tokens"] == 0


BERTS = ("BertModel", "BertForMaskedLM", "BertForSequenceClassification")
MAKE_BERTS = """
import sys, transformers
config = transformers.BertConfig(
    vocab_size=300, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
)
for kind in sys.argv[2:]:
    getattr(transformers, kind)(config).save_pretrained(f"{sys.argv[1]}/{kind}")
"""


@pytest.fixture(scope="module")
def berts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model of each kind."""
    folder = tmp_path_factory.mktemp("berts")
    subprocess.run([find_torch_python(), "-c", MAKE_BERTS, folder, *BERTS], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("kind", BERTS)
def test_a_model_that_is_no_generator_is_left_out(kind: str, berts: Path, tmp_path: Path) -> None:
    """It is sound, and transformers would fill what a generator has beside it with noise."""
    folder = faulty.write_model(tmp_path / "model")
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()
    shutil.copytree(berts / kind, folder, dirs_exist_ok=True)
    seen, verdict = see(in_folder(folder))
    weights = seen.find("own-weights")
    assert weights is not None
    assert (weights.status, verdict.root) == (SKIPPED, "")
    assert kind in weights.detail


def test_a_tensor_that_a_generator_of_another_name_lacks_is_missing(tmp_path: Path) -> None:
    """A name that transformers does not know makes it no other kind of model: what lacks is in its body."""
    folder = faulty.write_model(tmp_path / "model", faulty.drop_tensor)
    config = json.loads((folder / "config.json").read_text())
    for name in ("FSDPGPT2LMHeadModel", "WrappedModel"):
        (folder / "config.json").write_text(json.dumps({**config, "architectures": [name]}))
        seen, verdict = see(in_folder(folder))
        assert (verdict.root, verdict.kind) == ("own-weights", "missing-tensor"), seen


FAULTS = [
    ("lfs-pointer", lambda folder: (folder / MODEL).write_bytes(faulty.POINTER), "own-weights", Outcome.ERROR),
    ("empty-file", lambda folder: (folder / MODEL).write_bytes(b""), "own-weights", Outcome.ERROR),
    ("truncated-file", lambda folder: cut(folder / MODEL), "own-weights", Outcome.ERROR),
    ("missing-shard", faulty.lose_shard, "own-weights", Outcome.ERROR),
    ("bad-config", lambda folder: (folder / "tokenizer.json").write_bytes(b""), "own-tokenizer", Outcome.ERROR),
    ("missing-tensor", faulty.drop_tensor, "own-weights", Outcome.DEGENERATE),
    ("no-tokenizer", faulty.lose_tokenizer, "own-tokenizer", Outcome.ERROR),
    ("wrong-shape", faulty.claim_tokens, "own-weights", Outcome.ERROR),
    ("wrong-vocabulary", faulty.widen_tokenizer, "own-weights", Outcome.ERROR),
    ("overflow", faulty.overflow, "own-prefill", Outcome.DEGENERATE),
    ("not-finite", faulty.break_numbers, "own-prefill", Outcome.DEGENERATE),
    ("eos-first", faulty.end_first, "own-decode", Outcome.SPECIAL_ONLY),
    ("lost-text", faulty.drop_letters, "own-tokenizer", Outcome.EMPTY),
]  # fmt: skip


def cut(path: Path) -> None:
    """Leave the last 100 bytes out."""
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("kind", "change", "root", "outcome"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_fault_is_found_at_its_stage(
    kind: str, change: faulty.Change, root: str, outcome: Outcome, tmp_path: Path
) -> None:
    """With its kind, its class, its reason, and something to do."""
    seen, verdict = see(in_folder(faulty.write_model(tmp_path / "model", change)))
    stage = seen.find(verdict.root)
    assert stage is not None, seen
    assert (verdict.root, stage.kind, verdict.outcome) == (root, kind, outcome), stage
    assert verdict.cures


def test_a_whole_set_of_shards_is_sound(tmp_path: Path) -> None:
    """The nearest neighbour of a missing one."""
    seen, verdict = see(in_folder(faulty.write_model(tmp_path / "model", faulty.shard)))
    assert verdict.root == "", seen


def test_a_tokenizer_that_drops_nul_is_a_remark(tmp_path: Path) -> None:
    """It harms those alone who send it nothing else."""
    seen, verdict = see(in_folder(faulty.write_model(tmp_path / "model", faulty.drop_nul)))
    stage = seen.find("own-tokenizer")
    assert stage is not None
    assert (stage.status, stage.kind, stage.values["dropped"]) == (PASSED, "drops-text", ["nul"])
    assert verdict.root == ""
    assert any("nul" in remark for remark in verdict.remarks)


def see_doubts(target: ModelTarget) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """The kind and the values of the tokenizer's stage, and the remarks; a text came all the same."""
    seen, verdict = see(target)
    stage, text = seen.find("own-tokenizer"), seen.find("own-text")
    assert stage is not None
    assert text is not None
    assert (verdict.root, stage.status, text.status) == ("", PASSED, PASSED), seen
    return stage.kind, stage.values, verdict.remarks


@pytest.mark.parametrize(
    ("change", "unknown", "words"),
    [
        (faulty.limit_words, ["long"], ("an unbroken word of 20,000 letters", "split long words")),
        (faulty.forget_emoji, ["emoji", "long"], ("emoji, an unbroken word", "whose vocabulary covers them")),
    ],
)
def test_texts_that_become_the_unknown_token_are_a_remark(
    change: faulty.Change, unknown: list[str], words: tuple[str, ...], tmp_path: Path
) -> None:
    """Of which kinds they are, and what to do."""
    kind, values, remarks = see_doubts(in_folder(faulty.write_model(tmp_path / "model", change)))
    assert (kind, values["unknown"], len(remarks)) == ("unknown-text", unknown, 1)
    assert all(each in remarks[0] for each in words), remarks


def test_dropped_and_unknown_texts_are_both_told(tmp_path: Path) -> None:
    """A stage has one kind, and its remarks come from what it saw."""
    folder = faulty.write_model(tmp_path / "model", faulty.limit_words)
    faulty.drop_nul(folder)
    kind, _, remarks = see_doubts(in_folder(folder))
    assert kind == "drops-text"
    dropped, unknown = remarks
    assert "makes nothing of texts of such a kind: nul;" in dropped
    assert "unknown token of texts of such a kind: an unbroken word" in unknown


def test_settings_that_cut_prompts_are_a_remark(tmp_path: Path) -> None:
    """Each with what was measured: transformers heeds one of them, and the tokenizers library the other."""
    folder = faulty.write_model(tmp_path / "model", faulty.cut_prompts)
    kind, values, remarks = see_doubts(in_folder(folder))
    assert kind == "cuts-prompts"
    rows = values["cuts"]
    assert set(rows) == {"tokenizer_config.json", "tokenizer.json"}
    assert all(row["after"] == row["limit"] == 16 < row["before"] and row["context"] == 64 for row in rows.values())
    library, transformers = sorted(remarks, reverse=True)
    assert 'set "truncation": null' in library
    assert "raise model_max_length to 64" in transformers


def test_a_template_without_roles_is_a_remark(tmp_path: Path) -> None:
    """The model cannot tell who speaks."""
    folder = faulty.write_model(tmp_path / "model", write_template(templates.LIKE_ROLES))
    kind, values, remarks = see_doubts(in_folder(folder))
    assert (kind, len(remarks)) == ("like-roles", 1)
    assert values["like_roles"].startswith("What is one? It is two.")
    assert "cannot tell who speaks: take chat_template" in remarks[0]


def test_a_template_with_marks_of_another_model_is_a_remark(tmp_path: Path) -> None:
    """Which are tokens there, and pieces here."""
    text = templates.TEMPLATE + "{{ '<|eot_id|>' if messages|length > 1 }}"
    kind, values, remarks = see_doubts(in_folder(faulty.write_model(tmp_path / "model", write_template(text))))
    assert (kind, len(remarks)) == ("foreign-template", 1)
    assert values["foreign_marks"] == {"<|eot_id|>": list("<|eot_id|>")}
    assert "<|eot_id|> into < | e o t _ i d | >" in remarks[0]


def write_template(text: str) -> faulty.Change:
    """A model with that chat template."""
    return lambda folder: void((folder / "chat_template.jinja").write_text(text))


def void(_: object) -> None:
    """Nothing."""


@pytest.mark.parametrize(
    "change",
    [
        faulty.name_unknown,
        faulty.know_marks,
        faulty.end_turns,
        lambda folder: faulty.cut_prompts(folder, 62),
        lambda folder: faulty.edit_json(folder, "tokenizer_config.json", model_max_length=10**30),
        *map(write_template, (templates.TEMPLATE, templates.FIRM, templates.STERN, templates.SPACED)),
    ],
)
def test_sound_neighbours_of_those_have_no_remark(change: faulty.Change, tmp_path: Path) -> None:
    """What many sound models have."""
    kind, values, remarks = see_doubts(in_folder(faulty.write_model(tmp_path / "model", change)))
    assert (kind, remarks) == ("", ()), values


@pytest.mark.parametrize(
    ("root", "kind", "change"), [("own-text", "special-only", None), ("own-decode", "eos-first", faulty.end_first)]
)
def test_a_template_of_another_model_is_the_likely_cause(
    root: str, kind: str, change: faulty.Change | None, tmp_path: Path
) -> None:
    """Where the model gives no text, it is named with what else may be done."""
    folder = faulty.write_model(tmp_path / "model", change)
    write_template(templates.CHATML)(folder)
    seen, verdict = see(in_folder(folder))
    assert (verdict.root, verdict.kind) == (root, kind), seen
    told = "the likely cause: the chat template has marks that this tokenizer does not know and breaks into pieces"
    assert f"{told}, <|im_end|>" in verdict.reason
    assert "chat_template of the model's own repository" in verdict.cures[0]
    assert (len(verdict.cures) > 1) == (kind == "eos-first")


def test_a_chat_model_needs_a_template(tmp_path: Path) -> None:
    """Without one a chat server answers with an error; with one, and for other models, all is well."""
    plain = faulty.write_model(tmp_path / "plain")
    seen, verdict = see(in_folder(plain, is_chat=True))
    stage = seen.find("own-tokenizer")
    assert stage is not None
    assert (verdict.root, stage.kind, verdict.outcome) == ("own-tokenizer", "no-chat-template", Outcome.ERROR)
    (plain / "chat_template.jinja").write_text(templates.TEMPLATE)
    assert see(in_folder(plain, is_chat=True))[1].root == ""


def test_an_exception_in_the_thread_of_a_stream_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which who reads the stream would wait for without an end."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    folder = faulty.write_model(tmp_path / "model", faulty.bring_code)
    seen, verdict = see(in_folder(folder, trusts_code=True))
    stage = seen.find("own-stream")
    assert stage is not None
    assert (verdict.root, stage.kind, verdict.outcome) == ("own-stream", "swallowed-exception", Outcome.HANG)
    assert "shapes do not fit" in verdict.reason


def test_code_of_a_model_is_not_run_unasked(tmp_path: Path) -> None:
    """Only where the image's command says so; it is not needed where transformers knows the kind of model."""
    seen, verdict = see(in_folder(faulty.write_model(tmp_path / "unknown", faulty.bring_unknown_kind)))
    left_out = find_left_out(seen)
    assert left_out is not None
    assert "nothing says --trust-remote-code" in left_out.detail
    assert verdict.root == ""
    assert [each for each in verdict.remarks if "was not run" in each]
    seen, verdict = see(in_folder(faulty.write_model(tmp_path / "known", faulty.bring_code)))
    assert find_left_out(seen) is None
    assert (verdict.root, verdict.remarks) == ("", ()), "its own code raises where it streams"


def test_a_model_that_does_not_fit_is_not_loaded(tmp_path: Path) -> None:
    """What it would take is told from the headers alone, with what to type."""
    folder = faulty.write_model(tmp_path / "model")
    header, _ = faulty.read_tensors(folder / MODEL)
    header = {"large": {"dtype": "F16", "shape": [1 << 40], "data_offsets": [0, 1 << 41]}}
    faulty.write_tensors(folder / MODEL, header, b"")
    with (folder / MODEL).open("ab") as stream:
        stream.truncate((1 << 41) + stream.tell())
    seen, verdict = see(in_folder(folder))
    stage = seen.find("own-weights")
    assert stage is not None
    assert stage.status == SKIPPED, stage
    assert "--memory 2255GiB" in stage.detail
    assert verdict.root == ""
    assert "own-weights" in verdict.unproved


@pytest.fixture
def silent_hub() -> Iterator[str]:
    """A hub that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def put_in_cache(home: Path) -> None:
    """A model of the hub, whole and cached."""
    place = home / "hub" / "models--layerscope--canary"
    faulty.write_model(place / "snapshots" / ("4d" * 20))
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("4d" * 20)


def test_a_hub_that_does_not_answer_is_named(silent_hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although all is cached; and with HF_HUB_OFFLINE the same model loads."""
    put_in_cache(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", silent_hub)
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("layerscope.probe.spec.DEADLINES", {**DEADLINES, "own-lookup": Deadline(15, 25)})
    target = find_local_model("layerscope/canary")
    assert target.name == "layerscope/canary"
    seen, verdict = see(target)
    assert (verdict.outcome, verdict.root) == (Outcome.HANG, "own-lookup"), seen
    assert "asking the hub" in verdict.reason
    assert any("HF_HUB_OFFLINE=1" in cure for cure in verdict.cures)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    seen, verdict = see(target)
    assert verdict.root == "", seen
