"""Each exit code, from the installed command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
ImageWriter = Callable[[str, str], Path]


def test_0_is_clean(layerscope: Run, fixture_image: ImageWriter) -> None:
    """Nothing at or above the threshold."""
    assert layerscope("audit", fixture_image("clean-python", "oci-dir")).code == 0


def test_1_is_findings(layerscope: Run, fixture_image: ImageWriter) -> None:
    """Something at or above the threshold."""
    assert layerscope("audit", fixture_image("secrets", "oci-dir")).code == 1


def test_1_is_a_path_that_is_not_there(layerscope: Run, fixture_image: ImageWriter) -> None:
    """As with `cat`."""
    assert layerscope("cat", fixture_image("clean-python", "oci-dir"), "/no/such/file").code == 1


def test_2_is_usage(layerscope: Run) -> None:
    """An option that does not exist."""
    assert layerscope("audit", "--no-such-option").code == 2


def test_2_is_configuration(layerscope: Run, tmp_path: Path, fixture_image: ImageWriter) -> None:
    """A key that does not exist."""
    (tmp_path / "work" / "layerscope.toml").write_text("no-such-key = 1")
    answer = layerscope("audit", fixture_image("clean-python", "oci-dir"))
    assert answer.code == 2
    assert "unknown key 'no-such-key'" in answer.err


def test_3_is_an_image_that_is_not_there(layerscope: Run) -> None:
    """A path that leads nowhere, and a registry that is not spoken to."""
    assert layerscope("audit", "./no-such-image.tar").code == 3
    assert layerscope("audit", "registry:example.org/image:1").code == 3


def test_4_is_a_malformed_image(layerscope: Run, tmp_path: Path) -> None:
    """A manifest that is no JSON is not read further, and the message names it."""
    layout = tmp_path / "layout"
    (layout / "blobs" / "sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text("{")
    answer = layerscope("audit", layout)
    assert (answer.code, answer.out) == (4, "")
    assert "index.json" in answer.err


def test_4_is_a_digest_that_does_not_match(layerscope: Run, fixture_image: ImageWriter) -> None:
    """A damaged layer is reported whole, and fails."""
    answer = layerscope("audit", fixture_image("damaged", "oci-dir"))
    assert answer.code == 4
    assert "LAY001 blob-digest-mismatch" in answer.out


def test_no_failure_shows_a_traceback(layerscope: Run, fixture_image: ImageWriter) -> None:
    """Every failure is one line on standard error."""
    for arguments in (["audit", "./none"], ["cat", fixture_image("secrets", "oci-dir"), "/none"], ["tree"], ["nope"]):
        answer = layerscope(*arguments)
        assert answer.err.startswith("layerscope: error: ")
        assert answer.err.count("\n") == 1
