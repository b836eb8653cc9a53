"""`layerscope fix` on fixture images."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


def test_a_plan_is_exit_code_1(answer: Answer, fixture_image: ImageWriter) -> None:
    """There is something to do, which is told by number."""
    code, out, _ = answer("fix", fixture_image("demo", "oci-dir"))
    assert code == 1
    assert "\n 1. Install bash" in out.decode()
    assert "14 steps: 3 safe, 11 to review" in out.decode()


def test_nothing_to_fix_is_exit_code_0(answer: Answer, fixture_image: ImageWriter) -> None:
    """And is said."""
    code, out, _ = answer("fix", fixture_image("clean-python", "oci-dir"))
    assert code == 0
    assert "Nothing to fix: nothing was found" in out.decode()


def test_a_damaged_image_is_exit_code_4(answer: Answer, fixture_image: ImageWriter) -> None:
    """With one step for all that a build makes anew."""
    code, out, _ = answer("fix", fixture_image("damaged", "oci-dir"), "-o", "json")
    first = json.loads(out)["plan"]["steps"][0]
    assert code == 4
    assert (first["kind"], first["removes"]) == ("rebuild", ["LAY001", "LAY002", "LAY003", "LAY004", "LAY005"])


def test_the_plan_is_that_of_the_audit(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """Every step and what is left out, word for word."""
    image = fixture_image("wasteful-build", "oci-dir")
    assert document("fix", image)["plan"] == document("audit", image)["plan"]


def test_every_finding_is_planned_left_out_or_without_fix(
    document: Callable[..., Any], fixture_image: ImageWriter
) -> None:
    """None is lost on the way."""
    image = fixture_image("odd-tar", "oci-dir")
    told = document("fix", image)
    codes = {code for step in told["plan"]["steps"] for code in step["removes"]}
    codes |= {finding["code"] for finding in told["uncured"]}
    assert codes == {finding["code"] for finding in document("audit", image)["findings"]}


def test_a_rule_may_be_chosen_by_code_or_name(answer: Answer, fixture_image: ImageWriter) -> None:
    """Several, too; what no rule is called is a usage error before anything is read."""
    image = fixture_image("demo", "oci-dir")
    code, out, _ = answer("fix", image, "--only", "conf010", "--only", "root-user")
    assert code == 1
    assert "2 steps: 1 safe, 1 to review" in out.decode()
    code, _, err = answer("fix", "there-is-no-such-image", "--only", "LAY999")
    assert code == 2
    assert "--only 'LAY999': expected the code or name of a rule" in err


def test_a_chosen_rule_without_a_fix_is_exit_code_0(answer: Answer, fixture_image: ImageWriter) -> None:
    """The finding is named all the same."""
    code, out, _ = answer("fix", fixture_image("demo", "oci-dir"), "--only", "LAY105")
    assert code == 0
    assert "no fix is known" in out.decode()
    assert "LAY105 1 layer holds copies" in out.decode()


def test_safe_fixes_alone(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """What is left aside is counted."""
    told = document("fix", fixture_image("demo", "oci-dir"), "--safe")
    assert {step["safety"] for step in told["plan"]["steps"]} == {"safe"}
    kinds = [(step["kind"], *step["removes"]) for step in told["plan"]["steps"]]
    assert ("layer-edit", "LAY101") in kinds
    assert ("dockerfile-edit", "LAY104") in kinds
    assert told["withheld"] == 9


@pytest.mark.parametrize("image", ["demo", "odd-tar", "secrets"])
def test_a_merge_request_gets_markdown(answer: Answer, fixture_image: ImageWriter, image: str, tmp_path: Path) -> None:
    """Into a file as well; nothing of the image is a character that does not print."""
    path = tmp_path / "plan.md"
    code, out, _ = answer("fix", fixture_image(image, "oci-dir"), "-o", f"markdown={path}", "-o", "json")
    text = path.read_text()
    assert code == 1
    assert text.startswith("# Fixes for `")
    assert text.count("\n## ") >= len(json.loads(out)["plan"]["steps"])
    assert all(character.isprintable() or character == "\n" for character in text)
