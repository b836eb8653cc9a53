"""`layerscope inspect` on fixture images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.images import FORMATS

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


def test_config_and_history_are_shown(answer: Answer, service: Path) -> None:
    """With the token of the environment left out."""
    code, out, _ = answer("inspect", service)
    text = out.decode()
    assert code == 0
    assert "COPY layer-2 /" in text
    assert "API_TOKEN=***" in text


@pytest.mark.parametrize("layout", FORMATS)
def test_every_layout_says_the_same(
    layout: str, document: Callable[..., Any], write_service: Callable[[str], Path]
) -> None:
    """A docker archive says the same as the layout it was made with."""
    layout_path, archive = write_service("oci-dir"), write_service(layout)
    first, second = document("inspect", layout_path), document("inspect", archive)
    assert first["diff_ids"] == second["diff_ids"]
    assert first["process"] == second["process"]


def test_a_damaged_layer_does_not_matter(answer: Answer, fixture_image: ImageWriter) -> None:
    """Only documents are read."""
    assert answer("inspect", fixture_image("damaged", "oci-dir"))[0] == 0


def test_sizes_of_layers_that_were_not_read_are_unknown(document: Callable[..., Any], service: Path) -> None:
    """The documents say how large the layers are as stored, and nothing of what they unpack to."""
    image = document("inspect", service)["image"]
    assert image["size"] > 0
    assert image["uncompressed_size"] is None
