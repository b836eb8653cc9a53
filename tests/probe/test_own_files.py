"""The files of a model's folder, each told by what it is before anything loads it."""

import json
from pathlib import Path

import pytest

from layerscope.probe.canary_files import MODEL
from layerscope.probe.payload.own_files import MOST_CONFIG, check_folder, measure_weights, read_json_file
from layerscope.probe.payload.stages import FailedStage
from support import faulty_models as faulty


def put(content: bytes, name: str = MODEL) -> faulty.Change:
    """Replace one file."""
    return lambda folder: void((folder / name).write_bytes(content))


def void(_: object) -> None:
    """Nothing."""


def test_sound_weights_are_counted(tmp_path: Path) -> None:
    """As one file and as a set of shards."""
    for change in (None, faulty.shard):
        folder = faulty.write_model(tmp_path / f"model-{change is None}", change)
        found = measure_weights(str(folder))
        assert found == {"files": 1, "bytes": 736664, "tensors": 40, "types": {"F16": 40}}


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (put(b""), "empty-file", "has no bytes"),
        (put(faulty.POINTER), "lfs-pointer", "in place of 736664 bytes"),
        (put(b"<!DOCTYPE html><html>"), "not-weights", "HTML"),
        (put(b"\0" * 64), "not-weights", "no description of tensors"),
        (put(b"\xff" * 64), "not-weights", "its header alone"),
        (put(b"\x40\x42\x0f" + bytes(61)), "truncated-file", "its header alone"),
        (faulty.lose_shard, "missing-shard", "model-00002-of-00002.safetensors is not there"),
        (faulty.dangle, "missing-shard", "a link to ../../blobs/4d4d4d"),
        (lambda folder: (folder / MODEL).unlink(), "no-weights", "holds no file of weights"),
        (
            lambda folder: void((folder / MODEL).write_bytes((folder / MODEL).read_bytes()[:-1])),
            "truncated-file",
            "736663",
        ),
        (
            lambda folder: void((folder / MODEL).write_bytes((folder / MODEL).read_bytes() + b"\0")),
            "not-weights",
            "736665",
        ),
    ],
)
def test_each_broken_file_is_told_by_its_kind(change: faulty.Change, kind: str, said: str, tmp_path: Path) -> None:
    """With its name and what is wrong with it."""
    with pytest.raises(FailedStage, match=said) as failed:
        measure_weights(str(faulty.write_model(tmp_path / "model", change)))
    assert failed.value.kind == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "bad-config"), (b"{", "bad-config"), (faulty.POINTER, "lfs-pointer"), (b"\xff{}", "bad-config")],
)
def test_a_broken_config_is_told(content: bytes, kind: str, tmp_path: Path) -> None:
    """An empty one, one cut off, a pointer, and one that is no text."""
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(FailedStage) as failed:
        read_json_file(str(tmp_path), "config.json")
    assert failed.value.kind == kind


def test_a_missing_config_is_empty_and_a_dangling_one_is_not(tmp_path: Path) -> None:
    """What is not there may be optional; what leads nowhere was meant to be there."""
    assert read_json_file(str(tmp_path), "config.json") == {}
    (tmp_path / "config.json").symlink_to("../blobs/none")
    with pytest.raises(FailedStage) as failed:
        read_json_file(str(tmp_path), "config.json")
    assert failed.value.kind == "model-unreadable"


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """A volume that was not mounted, most of all."""
    with pytest.raises(FailedStage) as failed:
        check_folder(str(tmp_path / "none"))
    assert failed.value.kind == "model-missing"


def test_a_large_tokenizer_is_read_whole(tmp_path: Path) -> None:
    """Those of models for many languages have tens of megabytes; what is larger still, transformers judges."""
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"truncation": None, "model": {"vocab": {"a" * 1000: 0}}, "filler": "a" * (5 << 20)}))
    assert read_json_file(str(tmp_path), "tokenizer.json")["model"]["vocab"]
    with path.open("ab") as stream:
        stream.truncate(MOST_CONFIG + 1)
    assert read_json_file(str(tmp_path), "tokenizer.json") == {}
