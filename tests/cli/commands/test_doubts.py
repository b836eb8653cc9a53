"""Files of layers that are not proved are shown with a warning, and the exit code says so."""

from collections.abc import Callable
from pathlib import Path

import pytest

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


@pytest.mark.parametrize("command", [("tree",), ("extract", "/", "-d", "out"), ("cat", "/sound")])
def test_damage_is_told_before_anything_is_shown(
    command: tuple[str, ...], answer: Answer, fixture_image: ImageWriter
) -> None:
    """Which layers, and why; what can be shown is shown, and the exit code is that of a damaged image."""
    name, *rest = command
    code, out, err = answer(name, fixture_image("damaged", "oci-dir"), *rest)
    assert code == 4
    assert out
    warnings = [line for line in err.splitlines() if line.startswith("layerscope: warning: layer")]
    assert any("warning: layers 2, 3 of " in line and ": not read to the end: gzip" in line for line in warnings)
    assert any("a digest of its bytes differs" in line for line in warnings)


@pytest.mark.parametrize("command", [("tree", "/gone"), ("extract", "/gone"), ("cat", "/gone"), ("cat", "/")])
def test_what_is_not_found_in_a_damaged_image_is_damage(
    command: tuple[str, ...], answer: Answer, fixture_image: ImageWriter
) -> None:
    """It may be in what could not be read: nobody is told that it is not there as if that were known."""
    name, *rest = command
    code, _, err = answer(name, fixture_image("damaged", "oci-dir"), *rest)
    assert code == 4
    assert "; layers 1, 2, 3, 4, 5, 8, 9 are damaged, and may say otherwise" in err


def test_a_layer_that_is_elsewhere_is_told_and_no_failure(answer: Answer, fixture_image: ImageWriter) -> None:
    """Nothing is wrong with the image, but its files are not all here."""
    code, _, err = answer("tree", fixture_image("foreign-layer", "oci-dir"))
    assert code == 0
    assert ": files are missing here: a foreign layer" in err


def test_a_sound_image_has_no_warnings(answer: Answer, service: Path) -> None:
    """Nor any other exit code."""
    code, _, err = answer("tree", service)
    assert (code, err) == (0, "")
