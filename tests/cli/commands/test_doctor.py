"""`layerscope doctor`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.commands import doctor
from layerscope.host.check import Area, Check, Sign
from layerscope.host.driver import DriverReport, Gpu
from layerscope.host.engines import EngineReport
from layerscope.host.examine import HostReport
from layerscope.policies.errors import read_errors
from layerscope.report.context import RenderContext
from layerscope.report.doctor_view import TITLES, render_doctor_json, render_doctor_text
from layerscope.rules.registry import find_rule

SOURCE: Final = Path(__file__).parents[3] / "src" / "layerscope" / "host"
NAME: Final = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)+|shm|sigill)"')

Answer = Callable[..., tuple[int, bytes, str]]

REPORT = HostReport(
    checks=(
        Check(Area.ENGINES, "docker", Sign.GOOD, "docker engine 28.3.0"),
        Check(Area.GPU, "gpu", Sign.NOTE, "a \x1b[31mname", rules=("root-user", "no-such-rule")),
        Check(
            Area.TOOLKIT, "toolkit", Sign.BAD, "not there", cure="install it", commands=("sudo x",), errors=("cu-999",)
        ),
    ),
    driver=DriverReport("535.183.01", gpus=(Gpu("NVIDIA H100 80GB HBM3", "9.0"),)),
    engines=(EngineReport("docker", name="docker engine 28.3.0"),),
    audit_options=(("--gpu", "RTX 4090", "--driver", "535.183.01"),),
)


@pytest.fixture(autouse=True)
def _without_engines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.setenv(name, f"unix://{tmp_path}/nowhere.sock")


def test_any_host_is_told_of(answer: Answer) -> None:
    """Nothing is required: the exit code is 0, whatever is missing."""
    code, out, err = answer("doctor")
    assert (code, err) == (0, "")
    assert [title for title in TITLES.values() if title not in out.decode()] == []
    assert max(map(len, out.decode().splitlines())) <= 80


def test_a_program_is_told_the_same(document: Callable[..., Any]) -> None:
    """Each check with its sign, and the driver apart."""
    report = document("doctor")
    assert {check["sign"] for check in report["checks"]} <= {sign.value for sign in Sign}
    assert {check["area"] for check in report["checks"]} == {area.value for area in Area}
    assert report["driver"].keys() == {"module", "version", "cuda", "told_by", "problems"}


def test_the_audit_that_fits_is_printed() -> None:
    """With the options of this host's GPU and driver, quoted for a shell."""
    text = render_doctor_text(REPORT, RenderContext())
    assert "$ layerscope audit --gpu 'RTX 4090' --driver 535.183.01 IMAGE\n" in text


@pytest.mark.parametrize(
    ("name", "capability", "known"),
    [("H100", "9.0", True), ("H100", None, True), ("H100", "8.0", False), ("X1000", "13.0", False)],
)
def test_names_are_those_that_audits_know(name: str, capability: str | None, known: bool) -> None:
    """With the compute capability that the driver tells."""
    assert doctor._knows_gpu(name, capability) is known


def test_what_is_bad_has_its_cure_and_its_errors() -> None:
    """And only rules that there are, and no control characters."""
    text = render_doctor_text(REPORT, RenderContext(unicode=False))
    assert "-> install it" in text
    assert "leads to cu-999" in text
    assert "decides root-user\n" in text
    assert r"a \x1b[31mname" in text
    assert json.loads(render_doctor_json(REPORT))["gpus"][0]["compute_capability"] == "9.0"


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.py")), ids=lambda path: path.stem)
def test_errors_that_checks_name_are_known(path: Path) -> None:
    """`layerscope explain ID` knows every error that a check leads to."""
    named = {name for part in re.findall(r"\berrors ?=([^=]*?\))", path.read_text()) for name in NAME.findall(part)}
    assert named <= read_errors().rows.keys()


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.py")), ids=lambda path: path.stem)
def test_rules_that_checks_name_are_there(path: Path) -> None:
    """What a check says to decide is a rule."""
    named = {
        name
        for part in re.findall(r"(?:rules|RULES: Final) ?=([^=]*?\))", path.read_text())
        for name in NAME.findall(part)
    }
    assert [name for name in named if find_rule(name) is None] == []
