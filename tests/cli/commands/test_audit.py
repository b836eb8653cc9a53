"""`layerscope audit` on fixture images."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.rules.severity import Severity

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


def test_a_secret_fails_at_high(answer: Answer, service: Path) -> None:
    """Findings of high severity make the exit code 1, and the report says so first."""
    code, out, err = answer("audit", service)
    lines = out.decode().splitlines()
    assert (code, err) == (1, "")
    assert lines[0].startswith("✔ INTACT")
    assert lines[1].startswith("✘ FAILED")


@pytest.mark.parametrize(("threshold", "code"), [("never", 0), ("critical", 0), ("high", 1), ("info", 1)])
def test_the_threshold_decides(threshold: str, code: int, answer: Answer, service: Path) -> None:
    """`--fail-on` names the least severity that fails."""
    assert answer("audit", service, "--fail-on", threshold)[0] == code


def test_a_damaged_image_fails_whatever_the_threshold(answer: Answer, fixture_image: ImageWriter) -> None:
    """Damage is exit code 4 even where no finding is to fail."""
    code, out, _ = answer("audit", fixture_image("damaged", "oci-dir"), "--fail-on", "never")
    assert code == 4
    assert out.decode().startswith("✘ DAMAGED")


def test_the_report_says_the_exit_code(document: Callable[..., Any], service: Path) -> None:
    """A program that reads the report need not know the exit code of the process."""
    summary = document("audit", service)["summary"]
    assert (summary["verdict"], summary["exit_code"]) == ("failed", 1)
    assert summary["counts_by_severity"]["high"] > 0


def test_several_outputs_are_written(answer: Answer, service: Path, tmp_path: Path) -> None:
    """One format to standard output, another to a file, which is told on standard error."""
    code, out, err = answer("audit", service, "-o", "terminal", "-o", "json=report.json")
    assert code == 1
    assert "INTACT" in out.decode()
    assert err == "json written to report.json\n"
    assert json.loads((tmp_path / "report.json").read_text())["schema_version"] == 1


def test_a_file_is_enough(answer: Answer, service: Path, tmp_path: Path) -> None:
    """With a file named and nothing else, standard output stays empty; quiet says nothing at all."""
    code, out, err = answer("audit", service, "-q", "-o", "json=report.json")
    assert (code, out, err) == (1, b"", "")
    assert (tmp_path / "report.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["-o", "yaml"], "output format 'yaml': expected one of terminal, json, markdown, html, sarif"),
        (["-o", "json="], "expected FORMAT=PATH, found no path"),
        (["-o", "json", "-o", "terminal"], "expected at most one without =PATH"),
    ],
)
def test_outputs_are_checked_before_any_work(outputs: list[str], message: str, answer: Answer) -> None:
    """A typing error is told at once, not after minutes of reading."""
    code, _, err = answer("audit", "no-such-image", *outputs)
    assert code == 2
    assert message in err


def test_a_report_that_cannot_be_written_is_an_error(answer: Answer, service: Path) -> None:
    """The path and the reason are named."""
    code, _, err = answer("audit", service, "-o", "json=no/such/folder.json")
    assert code == 2
    assert err.startswith("layerscope: error: writing the report to 'no/such/folder.json': there is no folder ")


def test_a_second_audit_prints_the_same(answer: Answer, service: Path) -> None:
    """Read now or known from before: the same bytes, but for what says how it was read."""
    first, second = (answer("audit", service, "-o", "json")[1] for _ in range(2))
    proof = re.compile(rb'"proof": "(?:read|unchanged)"')
    assert proof.sub(b"", first) == proof.sub(b"", second)


def test_a_base_is_told_apart(document: Callable[..., Any], service: Path) -> None:
    """An image is its own base: every layer is the base's."""
    report = document("audit", service, "--base", service)
    assert {layer["origin"] for layer in report["layers"]} == {"base"}
    assert report["image"]["base"]["evidence"] == "layer prefix"


def test_another_image_is_no_base(answer: Answer, service: Path, fixture_image: ImageWriter) -> None:
    """A base whose layers are not the lowest ones is an error of usage."""
    other = fixture_image("secrets", "oci-dir")
    code, _, err = answer("audit", service, "--base", other)
    assert code == 2
    assert "--base" in err


def test_an_image_that_is_not_there_is_told(answer: Answer) -> None:
    """A path that leads nowhere is exit code 3."""
    code, out, err = answer("audit", "./no-such.tar")
    assert (code, out) == (3, b"")
    assert err == "layerscope: error: opening ./no-such.tar: no such file or directory\n"


def test_a_platform_that_is_not_there_lists_what_there_is(answer: Answer, fixture_image: ImageWriter) -> None:
    """The error names the choices."""
    code, _, err = answer("audit", fixture_image("multi-platform", "oci-dir"), "--platform", "linux/s390x")
    assert code == 3
    assert "linux/amd64" in err


def test_a_platform_is_chosen(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """Another image of the same index, with the index digest told."""
    image = document("audit", fixture_image("multi-platform", "oci-dir"), "--platform", "linux/arm64")["image"]
    assert image["platform"].startswith("linux/arm64")
    assert image["index_digest"] is not None


def test_a_limit_that_is_passed_is_damage_with_its_flag(answer: Answer, service: Path) -> None:
    """A layer larger than allowed is not read further, and the flag that allows more is named."""
    code, out, _ = answer("audit", service, "--no-cache-read", "--max-layer-size", "1kB")
    assert code == 4
    assert "--max-layer-size" in out.decode()


def test_every_severity_can_be_a_threshold(answer: Answer) -> None:
    """The choices are the severities and `never`."""
    _, out, _ = answer("audit", "--help")
    assert all(str(severity) in out.decode() for severity in Severity)


@pytest.mark.parametrize(
    ("path", "trouble"), [("no/such.json", "there is no folder"), (".", "expected a file, found a directory")]
)
def test_a_report_that_cannot_be_written_is_refused_before_the_image_is_read(
    path: str, trouble: str, answer: Answer
) -> None:
    """Nobody waits for an audit whose report goes nowhere: the image need not even exist."""
    code, _, err = answer("audit", "./no-such-image", "-o", f"json={path}")
    assert code == 2
    assert trouble in err


@pytest.mark.parametrize("limit", [("--max-layer-size", "1kB"), ("--max-layer-entries", "1")])
def test_limits_hold_for_known_layers_too(limit: tuple[str, str], answer: Answer, service: Path) -> None:
    """Whether an earlier audit read them without the limit makes no difference."""
    fresh = answer("audit", service, "--no-cache-read", *limit)
    answer("audit", service)
    known = answer("audit", service, *limit)
    assert known[0] == fresh[0] == 4
    assert (
        known[1].replace(b"unchanged since they were read", b"read now").splitlines()[:2] == (fresh[1].splitlines()[:2])
    )


def test_a_limit_is_no_damage(answer: Answer, service: Path) -> None:
    """Nothing was compared, so nothing is said against the image; the exit code is that of what could not be read."""
    code, out, _ = answer("audit", service, "--max-layer-size", "1kB")
    assert code == 4
    assert out.decode().splitlines()[0].startswith("✘ UNREAD")
    assert "beyond a limit and not read to the end" in out.decode()


def test_trouble_with_the_cache_is_said_and_changes_no_report(
    answer: Answer, document: Callable[..., Any], service: Path, tmp_path: Path
) -> None:
    """Damaged entries are read again: a remark on standard error, and the same report."""
    cache = tmp_path / "kept"
    first = document("audit", service, "--cache-dir", cache)
    for path in (cache / "v1").glob("*/*/*"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    _, out, err = answer("audit", service, "--cache-dir", cache, "-o", "json")
    assert json.loads(out)["gaps"] == first["gaps"]
    assert "do not match their checksum" in err
    assert "more of the kind (layerscope cache verify mends it)" in err


def test_an_error_of_the_base_says_that_it_is_the_base_s(answer: Answer, service: Path) -> None:
    """It may be set in a file, and the user named another image."""
    code, _, err = answer("audit", service, "--base", "./nothing.tar")
    assert code == 3
    assert "the base image (--base): opening ./nothing.tar" in err


def test_a_wrong_variable_is_named(answer: Answer, service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gave the flag."""
    monkeypatch.setenv("LAYERSCOPE_FAIL_ON", "bad")
    code, _, err = answer("audit", service)
    assert code == 2
    assert "(set in the environment, LAYERSCOPE_FAIL_ON)" in err
