"""Every mistake in a policy is one error that says where it is, with exit code 2, before an image is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from support.images import build_image, write_image
from support.tar_writer import file

Answer = Callable[..., tuple[int, bytes, str]]

IMAGES: Final = 'images = ["good"]\n'
FILE: Final = "reading settings from {folder}/layerscope.toml: "


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a sound image."""
    layers = [[file("etc/passwd", b"app:x:1000:1000::/:/bin/sh\n")]]
    write_image(build_image(layers, tag="team/llm:1", runtime={"User": "app"}), tmp_path / "good", "oci-dir")
    return tmp_path


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ('images = ["good\\u0000"]', FILE + "check.images[0]: expected the name of an image or a table with image"),
        ('images = [{image = "a\\u0000"}]', FILE + "check.images[0].image: expected a string, found 'a\\x00'"),
        (IMAGES + 'against = "a\\u0000"', FILE + "check.against: expected the name of an image, found 'a\\x00'"),
        (IMAGES + 'baseline = "\\u0000"', FILE + "check.baseline: expected the path of a file, found '\\x00'"),
        ("images = " + "[" * 2000 + "]" * 2000, FILE + "expected TOML: "),
        (IMAGES + 'gpus = ["H10000"]', FILE + "check.gpus: reading the GPU 'H10000': "),
        (IMAGES + 'driver = "five"', FILE + "check.driver: reading the driver version 'five': "),
        (IMAGES + 'driver = " "', FILE + "check.driver: expected a driver in quotes"),
        (IMAGES + 'fleet = "none.toml"', FILE + "check.fleet: reading the fleet '{folder}/none.toml': No such file"),
        (IMAGES + "max-size = 2026-01-01", "with a unit, such as 500MB or 2GiB, found 2026-01-01\n"),
        (IMAGES + "max-size = true", "such as 500MB or 2GiB, found true"),
        (IMAGES + 'against = "::::"\nmax-growth = "1%"', "the image to compare with (against), ::::, makes no sense: "),
        (IMAGES + 'against = "good"', FILE + "check.against: nothing compares images with good; say for what, by "),
        (IMAGES + 'against = "good"\nforbid = []', "check.against: nothing compares images with good"),
        ('images = [{image = "good", against = "good"}]', FILE + "check.images[0].against: nothing compares good with"),
        (IMAGES + 'base = "::::"', "the base image (base): opening ::::: "),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(answer: Answer, project: Path, policy: str, told: str) -> None:
    """The file and the key, and what was expected there."""
    (project / "layerscope.toml").write_text(f"[check]\n{policy}\n")
    code, out, error = answer("check")
    assert (code, out) == (2, b"")
    assert told.format(folder=project) in error
    assert error.count("\n") == 1


def test_a_setting_with_a_nul_is_refused(answer: Answer, project: Path) -> None:
    """No file has such a name."""
    (project / "layerscope.toml").write_text('cache-dir = "a\\u0000"\n')
    code, _, error = answer("check", "good")
    assert (code, "key 'cache-dir': expected no NUL, found 'a\\x00'" in error) == (2, True)


@pytest.mark.parametrize(("variable", "value"), [("GPU", "H10000"), ("DRIVER", "five")])
@pytest.mark.usefixtures("project")
def test_a_mistake_in_a_variable_is_told_with_its_name(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """As one in the file is."""
    monkeypatch.setenv(f"LAYERSCOPE_{variable}", value)
    code, _, error = answer("check", "good")
    assert (code, f"LAYERSCOPE_{variable}: reading the " in error) == (2, True)


def test_a_byte_order_mark_is_no_mistake(answer: Answer, project: Path) -> None:
    """Some editors put one before everything; the lines of the file are counted all the same."""
    (project / "layerscope.toml").write_bytes(b"\xef\xbb\xbf[check]\nimages = ['good']\nmax-size = '1B'\n")
    code, out, _ = answer("check", "-o", "github")
    assert (code, b"file=layerscope.toml,line=3," in out) == (1, True)


@pytest.mark.usefixtures("project")
def test_an_image_that_nothing_is_compared_with_is_refused(answer: Answer) -> None:
    """Least of all one that there is not would be missed."""
    code, out, error = answer("check", "good", "--against", "oci-dir:nowhere")
    assert (code, out) == (2, b"")
    assert (
        "--against: nothing compares images with oci-dir:nowhere; say for what, by forbid or max-growth (--f" in error
    )


def test_an_image_to_compare_others_with_is_no_mistake(answer: Answer, project: Path) -> None:
    """Where what is checked is compared with nothing, but another image of the list would be."""
    listed = 'images = [{image = "good", max-growth = "1MB"}, "oci-dir:good"]'
    (project / "layerscope.toml").write_text(f'[check]\nagainst = "good"\n{listed}\n')
    assert answer("check", f"{project}/good")[0] == 0
    (project / "layerscope.toml").write_text('[check]\nagainst = "good"\nimages = [{image = "a", max-growth = "1"}]\n')
    assert answer("check", "good")[0] == 0
    assert answer("check", "good", "--against", "good")[0] == 2
