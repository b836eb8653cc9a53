"""Entries are published whole or not at all, and read only when their checksum holds."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from layerscope.errors import CacheError
from layerscope.layers.cache_store import DOCUMENTS, LAYERS, TEMPORARY_PREFIX, CacheStore

NAME = "ab" * 32
BODY = bytes(range(64))

WRITE_MANY = """
import sys
from pathlib import Path
from layerscope.layers.cache_store import CacheStore
store = CacheStore(Path(sys.argv[1]))
for round in range(60):
    for name in ("aa11", "ab22", "cc33"):
        store.write("layers", name, (name * 5000 + sys.argv[2]).encode())
        assert store.read("layers", name) is not None
"""

DIE_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from layerscope.layers.cache_store import CacheStore
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
CacheStore(Path(sys.argv[1])).write("layers", "aa11", b"half", durable=True)
"""


def run_python(script: str, *arguments: object) -> "subprocess.Popen[bytes]":
    """Another process that runs `script`."""
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)])


def read(store: CacheStore, name: str) -> bytes | None:
    """The body of a layer's entry as bytes."""
    body = store.read(LAYERS, name)
    return None if body is None else bytes(body)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """The folder is made at the first write."""
    store = CacheStore(tmp_path / "deep" / "cache")
    store.write(LAYERS, NAME, BODY)
    assert read(store, NAME) == BODY


@pytest.mark.parametrize("body", [b"", b"\0", bytes(3_000_000)])
def test_any_size_is_kept(tmp_path: Path, body: bytes) -> None:
    """The empty body and megabytes come back."""
    store = CacheStore(tmp_path)
    size = store.write(LAYERS, NAME, body, durable=True)
    assert read(store, NAME) == body
    assert store.path(LAYERS, NAME).stat().st_size == size


def test_a_later_write_replaces_an_earlier_one(tmp_path: Path) -> None:
    """There is one entry under a name."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, b"old")
    store.write(LAYERS, NAME, b"new")
    assert read(store, NAME) == b"new"
    assert len(list(store.entries())) == 1


def test_what_was_never_written_is_not_there(tmp_path: Path) -> None:
    """A missing entry, and a missing folder, are no errors."""
    assert CacheStore(tmp_path / "absent").read(LAYERS, NAME) is None
    assert list(CacheStore(tmp_path / "absent").entries()) == []


def test_every_damaged_byte_is_found(tmp_path: Path) -> None:
    """One flipped bit anywhere, in magic, checksum or body, makes the entry a damaged one."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    path = store.path(LAYERS, NAME)
    content = path.read_bytes()
    for position in range(len(content)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        with pytest.raises(CacheError, match=f"reading cache entry layers/{NAME}"):
            store.read(LAYERS, NAME)


def test_every_truncation_is_found(tmp_path: Path) -> None:
    """A file that ends early, at any byte, is damaged."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    path = store.path(LAYERS, NAME)
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(CacheError):
            store.read(LAYERS, NAME)


@pytest.mark.parametrize("surplus", [b"\0", b"\n", BODY])
def test_surplus_bytes_are_found(tmp_path: Path, surplus: bytes) -> None:
    """A file that goes on is damaged."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    with store.path(LAYERS, NAME).open("ab") as file:
        file.write(surplus)
    with pytest.raises(CacheError):
        store.read(LAYERS, NAME)


@pytest.mark.parametrize(("kind", "name"), [(LAYERS, "ab" * 31 + "cd"), (DOCUMENTS, NAME)])
def test_an_entry_under_another_name_is_found(tmp_path: Path, kind: str, name: str) -> None:
    """A whole entry that was moved or copied is not what its new name says."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    store.path(kind, name).parent.mkdir(parents=True, exist_ok=True)
    store.path(LAYERS, NAME).rename(store.path(kind, name))
    with pytest.raises(CacheError):
        store.read(kind, name)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle of a body leaves neither an entry nor a temporary file."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, "aa", b"")

    def fail(_descriptor: int, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        store.write(LAYERS, NAME, BODY)
    assert [entry.name for entry in store.entries()] == ["aa"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may take fewer bytes than it was given."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, bytes(content)[:7]))
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    assert read(store, NAME) == BODY


def test_folders_and_files_are_the_users_alone(tmp_path: Path) -> None:
    """What an index names may be private."""
    store = CacheStore(tmp_path / "cache")
    store.write(LAYERS, NAME, BODY)
    path = store.path(LAYERS, NAME)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (store.root, path.parent.parent, path.parent)}
    assert modes == {0o700}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_folder_is_marked_as_a_cache(tmp_path: Path) -> None:
    """Backup tools leave it out."""
    CacheStore(tmp_path / "cache").write(LAYERS, NAME, BODY)
    assert (tmp_path / "cache" / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_many_processes_write_and_read_the_same_entries(tmp_path: Path) -> None:
    """Four writers replace one another's entries; no reader ever sees a part of one."""
    writers = [run_python(WRITE_MANY, tmp_path, number) for number in range(4)]
    store = CacheStore(tmp_path)
    reads = 0
    while any(writer.poll() is None for writer in writers):
        reads += sum(store.read(LAYERS, name) is not None for name in ("aa11", "ab22", "cc33"))
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert reads > 0
    assert sorted(entry.name for entry in store.entries()) == ["aa11", "ab22", "cc33"]


def test_a_killed_writer_leaves_no_entry(tmp_path: Path) -> None:
    """What it wrote stays a temporary file under another name, and the next writer is not disturbed."""
    assert run_python(DIE_WHILE_WRITING, tmp_path).wait() == -signal.SIGKILL
    store = CacheStore(tmp_path)
    assert store.read(LAYERS, "aa11") is None
    assert [entry.is_temporary for entry in store.entries()] == [True]
    store.write(LAYERS, "aa11", b"whole")
    assert read(store, "aa11") == b"whole"


def test_reading_tells_when_an_entry_was_used(tmp_path: Path) -> None:
    """`touch` moves an entry to the end of the pruning order."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    os.utime(store.path(LAYERS, NAME), (1, 1))
    store.touch(LAYERS, NAME)
    assert next(store.entries()).used_ns > 10**18


def test_listing_tells_what_is_temporary(tmp_path: Path) -> None:
    """A name no entry can have marks what is being written."""
    store = CacheStore(tmp_path)
    store.write(LAYERS, NAME, BODY)
    store.path(LAYERS, NAME).with_name(TEMPORARY_PREFIX + "1-2").write_bytes(b"")
    assert {entry.name: entry.is_temporary for entry in store.entries()} == {NAME: False, ".writing-1-2": True}
