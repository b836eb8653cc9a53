"""The files of a model's folder, looked at before anything loads them: which are no weights, and how large all is."""

import json
import os
import struct
from typing import Any, Dict, List

from layerscope.probe.payload.stages import FailedStage

MOST_CONFIG = 64 << 20
"""Bytes of a JSON file of a model that are read; a tokenizer of many languages has up to 34 MB."""

MOST_WEIGHT_HEADER = 100_000_000
"""Bytes of a safetensors header: the format's own limit."""

POINTER = b"version https://git-lfs"
WEIGHT_ENDINGS = (".safetensors", ".bin")
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLES = ("model.safetensors", "pytorch_model.bin")


def read_json_file(folder: str, name: str) -> Dict[str, Any]:
    """A JSON object; empty where there is no such file, or a larger one; raises FailedStage for what is none."""
    path = os.path.join(folder, name)
    try:
        with open(path, "rb") as stream:
            content = stream.read(MOST_CONFIG + 1)
    except OSError as error:
        if os.path.lexists(path):
            raise FailedStage("model-unreadable", f"{name}: {error.strerror}", {"file": name}) from None
        return {}
    if content.startswith(POINTER):
        raise FailedStage("lfs-pointer", f"{name} is a pointer of Git LFS, not the file", {"file": name})
    if len(content) > MOST_CONFIG:  # whether it is sound, those tell that load it
        return {}
    try:
        found = json.loads(content.decode("utf-8"))
    except ValueError as error:
        detail = f"{name}, {len(content)} bytes, is no JSON: {error}" if content else f"{name} is empty"
        raise FailedStage("bad-config", detail, {"file": name}) from None
    return found if isinstance(found, dict) else {}


def check_folder(folder: str) -> List[str]:
    """The names in it; raises FailedStage where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        kind = "model-missing" if not os.path.lexists(folder) else "model-unreadable"
        raise FailedStage(kind, f"{folder}: {error.strerror}", {"folder": folder, "uid": os.getuid()}) from None


def measure_weights(folder: str) -> Dict[str, Any]:
    """The files of weights, each checked as far as its header goes; raises FailedStage for the first that is none."""
    names = list_weight_files(folder)
    if not names:
        raise FailedStage("no-weights", f"{folder} holds no file of weights", {"files": check_folder(folder)[:64]})
    values: Dict[str, Any] = {"files": len(names), "bytes": 0, "tensors": 0, "types": {}}
    for name in names:
        _measure_file(folder, name, values)
    return values


def list_weight_files(folder: str) -> List[str]:
    """Those that transformers takes: the index's shards, or the one file, safetensors first."""
    for index, single in zip(INDEXES, SINGLES):
        if os.path.lexists(os.path.join(folder, single)):
            return [single]
        shards = read_json_file(folder, index).get("weight_map")
        if isinstance(shards, dict):
            return sorted({str(each) for each in shards.values()})
    return []


def _measure_file(folder: str, name: str, values: Dict[str, Any]) -> None:
    path = os.path.join(folder, name)
    told = {"file": name}
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as stream:
            start = stream.read(64)
            if not size:
                raise FailedStage("empty-file", f"{name} has no bytes", told)
            if start.startswith(POINTER):
                declared = _read_declared(start + stream.read(1024))
                detail = f"{name} is a pointer of Git LFS: {size} bytes, in place of {declared}"
                raise FailedStage("lfs-pointer", detail, dict(told, declared=declared, size=size))
            if start.lstrip()[:1] == b"<":
                raise FailedStage("not-weights", f"{name} is a page of HTML, not weights", told)
            if name.endswith(".safetensors"):
                _measure_tensors(name, size, stream, values)
    except OSError as error:
        kind = "model-unreadable" if error.errno == 13 else "missing-shard"
        is_link = os.path.islink(path)
        what = f"{name} is a link to {os.readlink(path)}, which is not there" if is_link else f"{name} is not there"
        raise FailedStage(kind, what if kind == "missing-shard" else f"{name}: {error.strerror}", told) from None
    values["bytes"] += size


def _read_declared(content: bytes) -> str:
    """The size of the file that a pointer stands for."""
    lines = content.decode("ascii", "replace").splitlines()
    size = next((line[5:] for line in lines if line.startswith("size ")), "")
    return f"{size} bytes" if size.isdigit() else "an unknown size"


def _measure_tensors(name: str, size: int, stream: Any, values: Dict[str, Any]) -> None:
    """Count tensors, and compare the header with the file's size."""
    told = {"file": name, "size": size}
    stream.seek(0)
    length = struct.unpack("<Q", stream.read(8).ljust(8, b"\0"))[0]
    if length > MOST_WEIGHT_HEADER or 8 + length > size:
        detail = f"{name}: {size} bytes, and its header alone would have {length}"
        raise FailedStage("truncated-file" if length <= MOST_WEIGHT_HEADER else "not-weights", detail, told)
    try:
        header = json.loads(stream.read(length).decode("utf-8"))
        rows = {key: row for key, row in header.items() if key != "__metadata__"}
        end = max([0] + [int(row["data_offsets"][1]) for row in rows.values()])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise FailedStage("not-weights", f"{name}: its header is no description of tensors", told) from None
    whole = 8 + length + end
    if whole != size:
        kind = "truncated-file" if size < whole else "not-weights"
        raise FailedStage(
            kind, f"{name} has {size} bytes, and its header describes {whole}", dict(told, expected=whole)
        )
    values["tensors"] += len(rows)
    for row in rows.values():
        values["types"][str(row.get("dtype"))[:20]] = values["types"].get(str(row.get("dtype"))[:20], 0) + 1


def spell_size(size: float) -> str:
    """A number of bytes as people write it."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024.0
    return f"{size:.1f} GiB"
