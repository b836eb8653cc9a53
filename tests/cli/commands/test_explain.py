"""`layerscope explain`."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli import evidence_audit, pasted_text
from layerscope.cli.pasted_text import HEAD_SIZE, TAIL_SIZE, read_ends
from layerscope.progress import Progress
from layerscope.sources.source import Source

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]

EXEC = "exec /app/start.sh: no such file or directory"


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let standard input hold something."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_message_is_explained(answer: Answer) -> None:
    """Meaning, causes and cures, with what the message named, on a page of eighty columns."""
    code, out, err = answer("explain", "x: version `GLIBC_2.38' not found (required by /opt/tool)")
    text = out.decode()
    assert (code, err) == (0, "")
    assert text.startswith("glibc The C library of the image is too old\n")
    assert "/opt/tool was built on a newer distribution" in text
    assert "Causes" in text
    assert "Cures" in text


def test_an_unknown_text_has_suggestions(answer: Answer, document: Callable[..., Any]) -> None:
    """The exit code says that nothing was found, as for a path that is not there."""
    words = "no libcuda and no driver is visible to the container"
    code, out, _ = answer("explain", words)
    assert code == 1
    assert out.decode().startswith("? UNKNOWN")
    assert "layerscope explain no-driver-lib" in out.decode()
    report = document("explain", words)
    assert report["errors"] == []
    assert report["suggestions"][0]["id"] == "no-driver-lib"


def test_a_log_is_piped_in(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input, of any encoding."""
    pipe(monkeypatch, b"\xff\xfe noise\nAssertionError: Torch not compiled with CUDA enabled\n")
    code, out, _ = answer("explain", "-")
    assert (code, out.decode().split()[0]) == (0, "cpu-only-torch")


def test_a_log_is_read_from_a_file(answer: Answer, tmp_path: Path) -> None:
    """And a file that was taken for the text is pointed out."""
    (tmp_path / "run.log").write_text("numpy.dtype size changed, may indicate binary incompatibility")
    assert answer("explain", "--file", "run.log")[1].startswith(b"numpy-abi ")
    code, out, _ = answer("explain", "run.log")
    assert code == 1
    assert b"--file reads the text from there" in out


def test_the_image_is_evidence(answer: Answer, document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """The findings of the rules that look for the causes are shown, and commands name the image."""
    image = fixture_image("broken-entrypoint", "oci-dir")
    code, out, _ = answer("explain", EXEC, image)
    assert code == 0
    assert "CONF007 crlf-shebang" in out.decode()
    cures = out.decode().partition("\nCures\n")[2]
    assert "(CONF007)" in cures.splitlines()[0]
    assert "(CONF007)\n    $ " not in cures
    assert " IMAGE " not in out.decode()
    (error,) = document("explain", EXEC, image)["errors"]
    assert [finding["rule"] for finding in error["evidence"]["named"]] == ["crlf-shebang"]
    assert error["evidence"]["complete"]


def test_an_image_without_the_like_says_so(answer: Answer, fixture_image: ImageWriter) -> None:
    """Absence is told plainly, with what was looked for."""
    image = fixture_image("clean-python", "oci-dir")
    code, out, _ = answer("explain", "exec user process caused: no such file or directory", image)
    assert code == 0
    assert "nothing of the kind is in the image (looked for: crlf-shebang," in out.decode()


def test_what_the_message_names_is_looked_up(answer: Answer, fixture_image: ImageWriter) -> None:
    """No all-clear where the very name is missing, and no cure for what the image does not have."""
    image = fixture_image("clean-python", "oci-dir")
    out = answer("explain", EXEC, image)[1].decode()
    assert "/app/start.sh is not in the image" in out
    assert "nothing of the kind" not in out
    assert "sed -i" not in out
    out = answer("explain", "ModuleNotFoundError: No module named 'yaml'", image)[1].decode()
    assert "yaml is not in the image" in out
    assert "pip install PyYAML" in out
    out = answer("explain", "libGL.so.1: cannot open shared object file", image)[1].decode()
    assert "libGL.so.1 is not in the image" in out


def test_an_error_of_the_host_says_so(answer: Answer, fixture_image: ImageWriter) -> None:
    """No rule can find in an image what lies on the host."""
    out = answer("explain", "unresolvable CDI devices nvidia.com/gpu=all", fixture_image("clean-python", "oci-dir"))[1]
    assert "no rule looks for this in an image" in out.decode()


def test_a_damaged_image_is_told_apart(answer: Answer, fixture_image: ImageWriter) -> None:
    """What a damaged image shows is no proof of absence, and the exit code is that of an audit."""
    code, out, _ = answer("explain", EXEC, fixture_image("damaged", "oci-dir"))
    assert code == 4
    assert "not all of it could be read" in out.decode()


def test_an_image_that_is_not_there_fails(answer: Answer) -> None:
    """A requested check that could not run never ends in success."""
    assert answer("explain", EXEC, "./nowhere.tar")[0] == 3


def test_the_gpu_of_a_message_is_the_one_in_question(
    answer: Answer, fixture_image: ImageWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image is judged for it, unless another is named; one that no table knows is left out."""
    asked: list[list[str]] = []

    def note(source: Source, *, options: AuditOptions, progress: Progress) -> AuditResult:
        asked.append([target.name for target in options.targets])
        return audit_image(source, options=options, progress=progress)

    monkeypatch.setattr(evidence_audit, "audit_image", note)
    image = fixture_image("clean-python", "oci-dir")
    message = "GPU with CUDA capability sm_{} is not compatible with the current PyTorch installation"
    for arguments in ([message.format("120")], [message.format("120"), "--gpu", "T4"], [message.format("199")]):
        assert answer("explain", arguments[0], image, *arguments[1:])[0] == 0
    assert asked == [["12.0"], ["T4"], []]


def test_the_driver_of_a_message_is_the_one_in_question(
    answer: Answer, fixture_image: ImageWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the branch that serves the CUDA version which its number tells; what --driver names comes first."""
    asked: list[str] = []

    def note(source: Source, *, options: AuditOptions, progress: Progress) -> AuditResult:
        asked.append(options.driver)
        return audit_image(source, options=options, progress=progress)

    monkeypatch.setattr(evidence_audit, "audit_image", note)
    image = fixture_image("clean-python", "oci-dir")
    message = "The NVIDIA driver on your system is too old (found version 12020)."
    code, out, _ = answer("explain", message, image)
    assert code == 0
    assert "? not judged without --gpu NAME" in out.decode()
    assert answer("explain", message, image, "--driver", "R550")[0] == 0
    assert asked == ["R535", "R550"]


def test_commands_name_an_image_only_where_they_can_use_it(answer: Answer, fixture_image: ImageWriter) -> None:
    """No engine runs a folder; our own commands read it."""
    image = fixture_image("clean-python", "oci-dir")
    out = answer("explain", "no kernel image is available for execution on the device", image)[1].decode()
    assert "layerscope audit" in out
    assert "layerscope audit IMAGE" not in out
    assert "docker run --gpus all --shm-size=8g IMAGE" in answer("explain", "shm", image)[1].decode()


def test_an_image_is_not_read_for_nothing(answer: Answer) -> None:
    """Where the text is not known, no evidence can be looked for."""
    code, out, _ = answer("explain", "hello", "./nowhere.tar")
    assert code == 1
    assert b"the image was not looked at" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected TEXT, - for standard input, or --file PATH"),
        (["--file", "a.log", "text", "image"], "expected TEXT or --file, not both"),
        (["--file", "a.log"], "reading a.log: No such file or directory"),
        (["-", "-"], "standard input can be one thing only"),
        (["-", "archive://-"], "standard input can be one thing only"),
        (["-", "image", "--username", "me", "--password-stdin"], "standard input can be one thing only"),
        (["text", "-o", "yaml"], "expected one of terminal, json"),
        ([""], "the text is empty"),
        ([" \n"], "the text is empty"),
        (["text", "--gpu", "H1000"], "--gpu is about an image, expected IMAGE"),
        (["text", "--driver", "R535"], "--driver is about an image, expected IMAGE"),
    ],
)
def test_usage_is_checked(arguments: list[str], message: str, answer: Answer) -> None:
    """Each slip has its own sentence."""
    code, out, err = answer("explain", *arguments)
    assert (code, out) == (2, b"")
    assert message in err


def test_hostile_text_is_escaped(answer: Answer) -> None:
    """What a log holds can move no cursor."""
    message = "exec /app/\u202eevil\x07: no such file or directory"
    out = answer("explain", message)[1].decode()
    assert r"\u202e" in out
    assert "\u202e" not in out
    assert "\x07" not in out
    assert json.loads(answer("explain", message, "-o", "json")[1])["errors"][0]["id"] == "exec-not-found"


def test_a_long_log_keeps_its_ends(answer: Answer, tmp_path: Path) -> None:
    """How it began and how it ended are looked at; how much was left out is said."""
    noise = b"x" * 63 + b"\n"
    (tmp_path / "long.log").write_bytes(
        b"Driver/library version mismatch\n" + noise * 40_000 + b"exited with code 137\n"
    )
    code, out, err = answer("explain", "--file", "long.log")
    assert code == 0
    assert b"nvml-mismatch" in out
    assert b"oom-kill" in out
    assert "MB in its middle are not looked at" in err


@pytest.mark.parametrize(
    "size", [0, 1, HEAD_SIZE, HEAD_SIZE + 1, HEAD_SIZE + TAIL_SIZE, HEAD_SIZE + TAIL_SIZE + 200_000]
)
def test_ends_of_any_length_add_up(size: int) -> None:
    """What is kept and what is left out is all there was, and what is kept is bounded."""
    content = bytes(number % 251 for number in range(size)).translate(bytes(32 + number % 90 for number in range(256)))
    found = read_ends(io.BytesIO(content))
    between = 1 if found.left_out else 0
    assert len(found.text) - between + found.left_out == size
    assert len(found.text) <= HEAD_SIZE + TAIL_SIZE + pasted_text.CHUNK + 1
    assert found.text.encode()[-1000:] == content[-1000:]
