"""Known errors found in texts."""

from typing import Final

import pytest

from layerscope.policies.error_search import MAX_QUOTES, clean_text, find_explanations, suggest_errors
from layerscope.policies.errors import read_errors
from layerscope.policies.explanation import Likeness

KNOWN: Final = read_errors()

TRACEBACK: Final = """\x1b[31mTraceback (most recent call last):\x1b[0m\r
  File "/app/serve.py", line 3, in <module>
    import cv2
ImportError: libGL.so.1: cannot open shared object file: No such file or directory
"""


def find(text: str) -> list[str]:
    """The ids of the errors that a text shows."""
    return [found.id for found in find_explanations(KNOWN, clean_text(text))]


@pytest.mark.parametrize(
    ("example", "name"), [(example, row.id) for row in KNOWN.table.error for example in row.examples]
)
def test_every_example_is_explained_by_its_own_row_first(example: str, name: str) -> None:
    """What a row shows as its message, no other row claims before it."""
    assert find(example)[0] == name


def test_a_layer_that_a_runtime_does_not_read_is_named() -> None:
    """Where the message names it; nothing else is about it."""
    layer = f"sha256:{'1b' * 32}"
    for prefix, values in (
        (f"ctr: failed to extract layer {layer}: mount callback failed on /tmp: ", {"layer": layer}),
        ("", {}),
    ):
        (found,) = find_explanations(KNOWN, f"{prefix}archive/tar: invalid tar header: unknown")
        assert (found.id, found.values) == ("invalid-tar-header", values)
        assert (layer in found.meaning) is bool(values)
        assert found.rules == ("refused-entry", "unspecified-compression", "truncated-layer")


def test_a_message_is_found_in_a_traceback() -> None:
    """Colours and returns are no hindrance, and what the message names is filled in."""
    (found,) = find_explanations(KNOWN, clean_text(TRACEBACK))
    assert (found.id, found.likeness) == ("missing-library", Likeness.MESSAGE)
    assert found.values == {"soname": "libGL.so.1"}
    assert "find / -name 'libGL.so.1*'" in found.image


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CUDA error 803", "cu-803"),
        ("Error 35", "driver-too-old"),
        ("cuInit returned 100", "no-driver-lib"),
        ("cudaErrorNoKernelImageForDevice", "no-kernel-image"),
        ("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "ptx-too-new"),
        ("RuntimeError: CUDA error: an illegal memory access was encountered", "code-700"),
        ("CUDA error: invalid device ordinal", "code-101"),
        ("cudart: rc=46", "code-46"),
    ],
)
def test_codes_are_found_by_number_name_and_text(text: str, name: str) -> None:
    """A code leads to the row that tells all about it, where there is one."""
    assert find(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "make: *** [all] Error 2",
        "OSError: [Errno 101] Network is unreachable",
        "exit code 100",
        "invalid device ordinal",
        "cuda is fine\nreturned 100",
        "Error 3500",
        "hello",
        "",
    ],
)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    """Small numbers count where the line is about CUDA, and never as a part of a larger one."""
    assert find(text) == []


def test_a_special_case_is_told_alone() -> None:
    """The general row is left out where the special one explains the same words, and only there."""
    cudart = "libcudart.so.12: cannot open shared object file"
    assert find(cudart) == ["libcudart-missing"]
    assert set(find(f"{cudart}\nlibGL.so.1: cannot open shared object file")) == {
        "libcudart-missing",
        "missing-library",
    }


def test_the_longer_message_comes_first() -> None:
    """More words are more specific."""
    assert find("Killed\nRuntimeError: CUDA error: no kernel image is available for execution on the device") == [
        "no-kernel-image",
        "oom-kill",
    ]


def test_a_description_counts_where_there_is_no_message() -> None:
    """What a person says is the least sure sign."""
    (found,) = find_explanations(KNOWN, "the container prints nothing")
    assert (found.id, found.likeness) == ("stdout-buffer", Likeness.SYMPTOM)
    assert find("no output, then: Torch not compiled with CUDA enabled") == ["cpu-only-torch"]


def test_an_error_can_be_asked_for_by_name() -> None:
    """Its id is enough, and nothing is quoted."""
    (found,) = find_explanations(KNOWN, " glibc\n")
    assert (found.id, found.likeness, found.quotes) == ("glibc", Likeness.NAME, ())


def test_different_wordings_are_quoted_once_each() -> None:
    """A log may repeat itself, and name many things; the first few are enough."""
    log = "".join(f"lib{number % 9}.so.1: cannot open shared object file\n" for number in range(5000))
    (found,) = find_explanations(KNOWN, log)
    assert len(found.quotes) == len(set(found.quotes)) == MAX_QUOTES


@pytest.mark.parametrize("program", ["$(reboot)", "/app/a;reboot", "`id`", "-rf", "a>b", "/app/'x"])
def test_what_a_shell_would_read_stays_out_of_commands(program: str) -> None:
    """The log comes from an image: a name in it becomes part of no command unless it is one plain word."""
    (found,) = find_explanations(KNOWN, f"exec {program}: no such file or directory")
    assert program in found.meaning
    assert found.image == ("layerscope cat IMAGE /app/entrypoint.sh | head -1 | od -c",)


def test_a_quoted_value_keeps_its_signs() -> None:
    """Between single quotes, a requirement is written as it is."""
    text = "tokenizers>=0.21,<0.22 is required for a normal functioning of this module, but found tokenizers==0.20.3."
    (found,) = find_explanations(KNOWN, text)
    assert "python -m pip install 'tokenizers>=0.21,<0.22'" in found.cures[0].commands


def test_suggestions_share_telling_words() -> None:
    """The nearest come first, and a text about nothing of the kind has none."""
    assert suggest_errors(KNOWN, "the container finds no libcuda, is there a gpu driver?")[0].id == "no-driver-lib"
    assert suggest_errors(KNOWN, "hello world") == ()


@pytest.mark.parametrize(("text", "found"), [("802", "cu-802"), (" 700\n", "code-700"), ("47", "")])
def test_a_number_alone_is_a_code(text: str, found: str) -> None:
    """Where it is one of those that are known."""
    assert [each.id for each in find_explanations(KNOWN, text)] == [found] * bool(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("error: externally-managed-environment", "managed-environment"),
        ("ImportError: numpy.core.multiarray failed to import", "numpy-abi"),
        (
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False",
            "checkpoint-on-cpu",
        ),
        ("Could not load dynamic library 'libcudart.so.11.0'", "libcudart-missing"),
    ],
)
def test_messages_of_users_are_known(text: str, found: str) -> None:
    """Without what stands around them in a log."""
    assert [each.id for each in find_explanations(KNOWN, text)] == [found]
