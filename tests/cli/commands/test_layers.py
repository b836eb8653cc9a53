"""`layerscope layers` on fixture images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


def test_layers_are_listed(answer: Answer, service: Path) -> None:
    """One row a layer, all of them proved."""
    code, out, _ = answer("layers", service)
    assert code == 0
    assert out.decode().count("✔") == 4


def test_a_damaged_layer_is_exit_code_4(answer: Answer, fixture_image: ImageWriter) -> None:
    """What does not match is marked and fails."""
    code, out, _ = answer("layers", fixture_image("damaged", "oci-dir"))
    assert code == 4
    assert "✘" in out.decode()


def test_a_layer_that_is_not_here_is_no_damage(answer: Answer, fixture_image: ImageWriter) -> None:
    """A foreign layer could not be checked, which is said and is not a mismatch."""
    code, out, _ = answer("layers", fixture_image("foreign-layer", "oci-dir"))
    assert code == 0
    assert "? could not be checked" in out.decode()


def test_digests_are_whole_for_a_program(document: Callable[..., Any], service: Path) -> None:
    """The ChainID of the lowest layer is its DiffID; the blob's digest is another thing."""
    lowest = document("layers", service)["layers"][0]
    assert lowest["chain_id"] == lowest["diff_id"] != lowest["digest"]


def test_a_layer_that_is_not_here_has_no_numbers(
    answer: Answer, document: Callable[..., Any], fixture_image: ImageWriter
) -> None:
    """A dash for a person and null for a program, and no sum over all layers."""
    image = fixture_image("foreign-layer", "oci-dir")
    told = document("layers", image)
    (unread,) = [layer for layer in told["layers"] if not layer["verified"]]
    assert (unread["entries"], unread["uncompressed_size"], unread["wasted"]) == (None, None, None)
    assert told["image"]["uncompressed_size"] is None
    rows = [
        line for line in answer("layers", image)[1].decode().splitlines() if line.startswith(f"{unread['index']}  ?")
    ]
    assert rows[0].split()[-2:] == ["\N{EN DASH}", "\N{EN DASH}"]
