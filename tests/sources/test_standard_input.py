"""Archives on standard input and in pipes."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from layerscope.errors import ImageNotFoundError, SourceError, UsageError
from layerscope.progress import SilentProgress
from layerscope.sources.standard_input import InputSource, InputStream
from support.archives import TINY_LAYER, LayoutBuilder, NothingKnown, named, pack, read_image, saved


@contextmanager
def piped(content: bytes) -> Iterator[BinaryIO]:
    """The reading end of a pipe that somebody writes to."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as pipe:
        yield pipe
    writer.join()


def test_pipe_is_read_as_it_passes() -> None:
    """Nothing is spooled."""
    with piped(pack(saved({"one/layer.tar": bytes(300_000)}))) as pipe:
        opened = read_image("-", stdin=pipe)
    assert opened.contents == [bytes(300_000)]
    assert opened.passed == ["one/layer.tar"]
    assert opened.image.source == "docker-archive (from standard input)"
    assert opened.image.reference == "-"


def test_redirected_file_is_read_in_place(tmp_path: Path) -> None:
    """`layerscope … - < image.tar` is as good as the path."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    with (tmp_path / "image.tar").open("rb") as file:
        opened = read_image("-", stdin=file)
    assert opened.passed == []
    stamp = opened.image.layers[0].stamp
    assert stamp is not None
    assert stamp.inode == (tmp_path / "image.tar").stat().st_ino


def test_file_that_was_read_from_is_not_read_from_its_start(tmp_path: Path) -> None:
    """What somebody else took is gone, as in a pipe."""
    (tmp_path / "image.tar").write_bytes(b"x" * 512 + pack(saved()))
    with (tmp_path / "image.tar").open("rb") as file:
        file.read(512)
        opened = read_image("-", stdin=file)
    assert opened.contents == [TINY_LAYER]
    assert opened.passed == ["one/layer.tar"]


@pytest.mark.parametrize("text", ["docker-archive:-:app:1", "docker-archive:-", "archive://-"])
def test_scheme_and_name_go_with_standard_input(text: str) -> None:
    """One of several images is picked as from a file."""
    assert read_image(text, stdin=pack(saved())).contents == [TINY_LAYER]


@pytest.mark.parametrize("text", ["-", "docker-archive:-"])
def test_one_of_several_saved_images_is_chosen_as_the_message_says(text: str) -> None:
    """A dash with a name after it would be taken for an option."""
    members = saved({"two/layer.tar": b""}, tags=["app:2"])
    manifest = saved()["manifest.json"][:-1] + b"," + members["manifest.json"][1:]
    content = pack({**saved(), **members, "manifest.json": manifest})
    with pytest.raises(UsageError, match="choose one as docker-archive:-:NAME; there is app:1, app:2"):
        read_image(text, stdin=content)
    assert read_image("docker-archive:-:app:2", stdin=content).contents == [b""]
    opened = read_image("archive://-:app:2", stdin=content)
    assert (opened.image.reference, opened.contents) == ("archive://-:app:2", [b""])


def test_a_tag_of_several_saved_images_leaves_the_choice_on_standard_input() -> None:
    """The tag alone does not choose, the name with it does."""
    members = saved({"two/layer.tar": b""}, tags=["other:1"])
    manifest = saved()["manifest.json"][:-1] + b"," + members["manifest.json"][1:]
    content = pack({**saved(), **members, "manifest.json": manifest})
    with pytest.raises(UsageError, match="choose one as docker-archive:-:NAME; there is app:1, other:1"):
        read_image("docker-archive:-:1", stdin=content)


@pytest.mark.parametrize("text", ["-", "oci-archive:-"])
def test_one_of_several_images_of_a_layout_is_chosen_as_the_message_says(text: str) -> None:
    """Its scheme is that of what is there."""
    layout = LayoutBuilder()
    layout.list(layout.image(extra=named("1")), layout.image(layers=[b""], extra=named("2")))
    with pytest.raises(UsageError, match="choose one as oci-archive:-:NAME; there is 1, 2"):
        read_image(text, stdin=layout.pack())


def test_layout_on_standard_input_is_picked_from() -> None:
    """By its tag."""
    layout = LayoutBuilder()
    layout.list(layout.image(extra=named("1")), layout.image(layers=[b""], extra=named("2")))
    assert read_image("oci-archive:-:2", stdin=layout.pack()).contents == [b""]
    with pytest.raises(ImageNotFoundError, match="there is 1, 2"):
        read_image("oci-archive:-:3", stdin=layout.pack())


def test_named_pipe_is_read_by_its_path(tmp_path: Path) -> None:
    """As the shell gives for `<(docker save app)`."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(pack(saved())))
    writer.start()
    opened = read_image(path)
    writer.join()
    assert opened.contents == [TINY_LAYER]
    assert opened.image.source == f"docker-archive (from {path})"


def test_terminal_is_refused() -> None:
    """Nobody types an archive."""
    controller, terminal = os.openpty()
    try:
        with open(terminal, "rb", buffering=0, closefd=False) as file, pytest.raises(UsageError, match="a terminal"):
            read_image("-", stdin=io.BufferedReader(file))
    finally:
        os.close(controller)
        os.close(terminal)


def test_closed_standard_input_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `layerscope … - <&-`."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="standard input: it is closed"):
        read_image("-")


def test_standard_input_of_the_process_is_taken(tmp_path: Path) -> None:
    """Where no other is given."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    program = (
        "from support.archives import read_image\n"
        "opened = read_image('-')\n"
        "print(len(opened.contents), bool(opened.passed))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    outputs = []
    for command in ("cat image.tar | {}", "{} < image.tar"):
        shell = command.format(f"'{sys.executable}' -c \"$PROGRAM\"")
        run = subprocess.run(
            ["sh", "-c", shell],
            cwd=tmp_path,
            env={**environment, "PROGRAM": program},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(run.stdout)
    assert outputs == ["1 True\n", "1 False\n"]


def test_broken_pipe_is_a_source_error() -> None:
    """The message says what was being read."""

    class Broken(io.BytesIO):
        """A pipe whose other end failed."""

        def read1(self, size: int | None = -1, /) -> bytes:
            """Fail."""
            raise OSError(5, "Input/output error")

    with pytest.raises(SourceError, match="reading standard input: Input/output error"):
        InputStream(Broken(), where="standard input").read(10)


def test_pipe_that_is_gone_is_a_source_error(tmp_path: Path) -> None:
    """Between choosing and opening."""
    with pytest.raises(SourceError, match="gone: No such file"):
        InputSource(str(tmp_path / "gone")).open_image(platform=None, known=NothingKnown(), progress=SilentProgress())


def test_closing_tells_the_writer() -> None:
    """Nobody reads any more, and a pipe says so."""
    file = io.BytesIO(b"")
    InputStream(file, where="x").close()
    assert file.closed
