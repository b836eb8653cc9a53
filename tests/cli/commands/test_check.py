"""`layerscope check` on images that a test can see whole: policy, baseline, time, and what a person reads."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from layerscope.audit import pipeline
from layerscope.cli import check_images
from layerscope.cli.time_limit import OutOfTimeError
from layerscope.report.json_schema import CHECK_SCHEMA_FILE, render_check_schema
from support.images import build_image, write_image
from support.tar_writer import TarMember, directory, file, whiteout

Answer = Callable[..., tuple[int, bytes, str]]

BASE = (directory("etc"), file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"))
LEAK = (file("app/.netrc", b"machine example.org login me password Zt7pWq4hYd2k\n", mode=0o600),)


def write(folder: Path, name: str, *extra: TarMember, leaks: bool = False, **runtime: Any) -> Path:
    """An image that keeps to every policy, unless it leaks a password."""
    layers = [list(BASE), [file("app/serve.py", b"print('listening')\n", mode=0o755), *extra]]
    if leaks:
        layers += [list(LEAK), [whiteout("app/.netrc")]]
    settings = {"User": "app", **runtime}
    write_image(build_image(layers, tag=f"team/llm:{name}", runtime=settings), folder / name, "oci-dir")
    return folder / name


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a sound image `good`, one that leaks a password, `leaky`, and a policy for both."""
    write(tmp_path, "good")
    write(tmp_path, "leaky", leaks=True)
    say(tmp_path, 'images = ["good", "leaky"]')
    return tmp_path


def say(folder: Path, policy: str, options: str = "") -> None:
    """Write the settings file."""
    (folder / "layerscope.toml").write_text(f"{options}\n[check]\n{policy}\n")


@pytest.mark.usefixtures("project")
def test_what_breaks_comes_first_and_what_is_sound_is_one_line(answer: Answer) -> None:
    """The rule, the layer, and the cure; then the sound image; exit code 1."""
    code, out, _ = answer("check")
    lines = out.decode().splitlines()
    assert code == 1
    assert lines[0].startswith("✘ leaky  breaks the policy")
    assert "CONF011 secret-in-layer" in lines[1]
    assert any("Revoke the credential of /app/.netrc" in line for line in lines)
    assert lines[-2:] == ["✔ good  keeps to the policy", "1 of 2 images breaks the policy"]


@pytest.mark.usefixtures("project")
def test_a_sound_image_is_clean(answer: Answer) -> None:
    """One line, exit code 0; an image of the command line stands in for those of the file."""
    code, out, _ = answer("check", "good")
    assert (code, out.decode()) == (0, "✔ good  keeps to the policy\n")


def test_without_an_image_there_is_nothing_to_check(answer: Answer) -> None:
    """That is an error, not a success."""
    code, _, error = answer("check")
    assert (code, "no image to check" in error) == (2, True)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("", 1),
        ('fail-on = "critical"', 0),
        ('rules = {secret-in-layer = "warn"}', 0),
        ('rules = {CONF = "ignore"}', 0),
        ('rules = {CONF = "ignore", CONF011 = "fail"}', 1),
        ('suppress = [{rule = "CONF011", path = "/app/*", reason = "revoked"}]', 0),
        ('suppress = [{rule = "CONF011", path = "/etc/*", reason = "revoked"}]', 1),
        ('suppress = [{rule = "CONF011", reason = "revoked", expires = 2999-01-01}]', 0),
        ('suppress = [{rule = "CONF011", reason = "revoked", expires = 2020-01-01}]', 1),
        ('fail-on = "critical"\nmax-layers = 3', 1),
        ('fail-on = "critical"\nmax-layers = 4', 0),
    ],
)
def test_the_policy_decides(answer: Answer, project: Path, policy: str, code: int) -> None:
    """By severity, rule, family, suppression and limit."""
    say(project, policy)
    assert answer("check", "leaky")[0] == code


def test_an_expired_suppression_fails_by_itself(answer: Answer, project: Path) -> None:
    """Even where the image is sound: its reason is told, so that somebody decides anew."""
    say(project, 'suppress = [{rule = "LAY104", reason = "until the base moves", expires = 2020-01-01}]')
    code, out, _ = answer("check", "good")
    assert code == 1
    assert "expired check.suppress[0]: LAY104 was suppressed until 2020-01-01" in " ".join(out.decode().split())
    assert "until the base moves" in " ".join(out.decode().split())


def test_a_suppression_that_suppresses_nothing_is_told(answer: Answer, project: Path) -> None:
    """Where all images of the policy were checked; it fails nothing."""
    say(project, 'images = ["good"]\nsuppress = [{rule = "CONF011", reason = "revoked"}]')
    code, out, _ = answer("check")
    assert (code, b"check.suppress[0]: CONF011 suppresses nothing any more" in out) == (0, True)
    assert b"any more" not in answer("check", "good")[1]


def test_a_baseline_lets_pass_what_was_there(answer: Answer, project: Path) -> None:
    """Written once, it accepts what was found; what is new fails."""
    code, out, said = answer("check", "--update-baseline")
    assert (code, "accepted in" in said) == (0, True)
    assert b"(1 accepted earlier)" in out
    known = json.loads((project / "layerscope-baseline.json").read_text())
    assert list(known["images"]) == ["leaky"]
    assert list(known["images"]["leaky"].values()) == ["CONF011 secret-in-layer /app/.netrc"]
    assert answer("check")[0] == 0
    write(project, "leaky", file("app/.pgpass", b"db:5432:*:me:Zt7pWq4hYd2k\n", mode=0o600), leaks=True)
    code, out, _ = answer("check")
    assert (code, b".pgpass" in out) == (1, True)


def test_a_baseline_is_told_to_be_outdated(answer: Answer, project: Path) -> None:
    """What it knows and is no more can go; another update takes it out."""
    answer("check", "--update-baseline")
    write(project, "leaky")
    code, out, _ = answer("check")
    assert (code, b"1 finding of the baseline is no more" in out) == (0, True)
    answer("check", "--update-baseline")
    assert json.loads((project / "layerscope-baseline.json").read_text())["images"] == {}


@pytest.mark.usefixtures("project")
def test_a_baseline_that_is_named_has_to_be_there(answer: Answer) -> None:
    """Else every finding would be new, for no reason that anybody sees."""
    code, _, error = answer("check", "--baseline", "none.json")
    assert (code, "--baseline: there is no file" in error) == (2, True)
    assert answer("check", "--baseline", "none.json", "--update-baseline")[0] == 0


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ('max-sise = "1GB"', "check.max-sise: unknown key; did you mean 'max-size'?"),
        ("max-size = []", "check.max-size: expected bytes with a unit, such as 500MB or 2GiB, found []"),
        ("driver = 535", "check.driver: expected a driver in quotes"),
        ('time-limit = "20"', "check.time-limit: expected a time with a unit"),
        ('rules = {LAY1O1 = "warn"}', "did you mean 'LAY101'"),
        ('suppress = [{rule = "LAY101"}]', "check.suppress[0]: expected a reason"),
        ('images = [{image = "good", max-sise = 3}]', "check.images[0].max-sise: unknown key"),
        ('max-growth = "5%"', "check.max-growth: expected an image to compare good with"),
        ('images = [{image = "good", forbid = ["root-user"]}]', "check.images[0].forbid: expected an image to compare"),
        ('gpus = ["V10"]', "near it are V100"),
        ('baseline = "../elsewhere.json"', "check.baseline: expected a path below"),
    ],
)
def test_a_policy_that_makes_no_sense_is_one_line(answer: Answer, project: Path, policy: str, message: str) -> None:
    """Exit code 2, the file, the key, and what was expected, before any image is read."""
    say(project, policy if "images" in policy else f'images = ["good"]\n{policy}')
    code, out, error = answer("check")
    assert (code, out) == (2, b"")
    assert message in error


def test_an_image_is_compared_with_its_reference(answer: Answer, project: Path) -> None:
    """What an image has of its own holds for it alone; a change that is forbidden fails by its name."""
    write(project, "next", User="root")
    entry = '{image = "next", against = "good", forbid = ["root-user", "model-changed"], max-growth = "1MB"}'
    say(project, f'fail-on = "critical"\nimages = ["leaky", {entry}]')
    code, out, _ = answer("check")
    assert code == 1
    assert b"root-user: the user goes from " in out
    assert b"model-changed" not in out
    assert answer("check", "next", "--against", "next")[0] == 1, "what the file says of the image is more special"
    assert answer("check", "good", "--against", "leaky", "--forbid", "root-user")[0] == 0


def test_an_image_that_is_not_there_fails_and_the_others_are_checked(answer: Answer, project: Path) -> None:
    """Exit code 3, whatever else is found."""
    say(project, 'images = ["oci-dir:nowhere", "good", "leaky"]')
    code, out, _ = answer("check")
    assert code == 3
    assert "✘ oci-dir:nowhere  could not be had" in out.decode()
    assert "✔ good" in out.decode()
    assert "✘ leaky" in out.decode()


@pytest.mark.usefixtures("project")
def test_a_reference_that_is_not_there_is_no_success(answer: Answer) -> None:
    """It is said that it is the one to compare with."""
    code, out, _ = answer("check", "good", "--against", "oci-dir:nowhere", "--max-growth", "1MB")
    assert (code, b"the image to compare with (against)" in out) == (3, True)


def test_damage_is_never_let_pass(answer: Answer, project: Path) -> None:
    """Exit code 4, whatever the policy says."""
    for blob in (project / "good" / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(blob.read_bytes()[:-9] + b"\0" * 9)
    say(project, 'fail-on = "never"\nrules = {LAY = "ignore"}\nsuppress = [{rule = "LAY", reason = "no"}]')
    code, out, _ = answer("check", "good", "--no-cache-read")
    assert (code, "✘ good  is damaged" in out.decode()) == (4, True)
    assert b"LAY00" in out


@pytest.mark.usefixtures("project")
def test_what_the_time_did_not_suffice_for_is_told(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, with exit code 5; what was finished counts."""
    real = pipeline.audit_image

    def audit(source: Any, **options: Any) -> Any:
        if "leaky" in str(source.__dict__ if hasattr(source, "__dict__") else source):
            raise OutOfTimeError
        return real(source, **options)

    monkeypatch.setattr(check_images, "audit_image", audit)
    code, out, _ = answer("check", "--time-limit", "1h")
    assert code == 5
    assert "? leaky  could not be checked" in out.decode()
    assert "✔ good  keeps to the policy" in out.decode()


@pytest.mark.usefixtures("project")
def test_the_time_runs_out(answer: Answer) -> None:
    """A millisecond is too short for anything."""
    code, out, _ = answer("check", "--time-limit", "1ms", "--no-cache-read")
    assert (code, out.decode().count("could not be checked")) == (5, 3)


def test_the_origin_of_every_value_is_shown(answer: Answer, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flag over variable over file over default; nothing is checked."""
    say(project, 'max-size = "1GB"\nmax-layers = 3\ngpus = ["H100"]', 'driver = "535"\njobs = 2')
    monkeypatch.setenv("LAYERSCOPE_MAX_LAYERS", "9")
    code, out, _ = answer("check", "--show-config", "--max-size", "2GB", "-o", "json")
    document = json.loads(out)
    said = {each["key"]: (each["value"], each["origin"], each["place"]) for each in document["settings"]}
    path = str(project / "layerscope.toml")
    assert code == 0
    assert said["max-size"] == ("2GB", "flag", "--max-size")
    assert said["max-layers"] == ("9", "variable", "LAYERSCOPE_MAX_LAYERS")
    assert said["gpus"] == (["H100"], "file", path)
    assert said["driver"] == ("535", "file", path)
    assert said["jobs"] == (2, "file", path)
    assert said["fail-on"] == ("high", "default", "")
    monkeypatch.setenv("COLUMNS", "100")
    text = answer("check", "--show-config")[1].decode()
    assert "variable LAYERSCOPE_MAX_LAYERS" in text


def test_the_document_keeps_its_promise(answer: Answer, project: Path) -> None:
    """Valid against the committed schema, which is that of the types; every finding says what it counts for."""
    say(project, 'images = ["good", "leaky", "oci-dir:nowhere"]\nmax-layers = 3')
    code, out, _ = answer("check", "-o", "json")
    document = json.loads(out)
    assert CHECK_SCHEMA_FILE.read_text() == render_check_schema()
    jsonschema.validate(document, json.loads(CHECK_SCHEMA_FILE.read_text()))
    assert (code, document["summary"]["exit_code"], document["summary"]["kept"]) == (3, 3, False)
    good, leaky, absent = document["images"]
    assert (good["state"], leaky["state"], absent["state"]) == ("sound", "broken", "absent")
    assert [breach["limit"] for breach in leaky["breaches"]] == ["max-layers"]
    assert {each["finding"]["code"] for each in leaky["findings"] if each["disposition"] == "fails"} == {"CONF011"}
    assert "Zt7pWq4hYd2k" not in out.decode()


@pytest.mark.usefixtures("project")
def test_markdown_is_for_a_merge_request(answer: Answer) -> None:
    """A table of the images, then what breaks."""
    text = answer("check", "-o", "markdown")[1].decode()
    assert "**1 of 2 images breaks the policy.**" in text
    assert "| ✅ | `good` | keeps to the policy |  |" in text
    assert "- **CONF011** `secret-in-layer` (high):" in text


def test_annotations_have_the_line_of_the_dockerfile(answer: Answer, project: Path) -> None:
    """What breaks is an error; a Dockerfile of another image gives no lines."""
    (project / "Dockerfile").write_text("FROM debian:12\nRUN make\n")
    say(project, 'images = [{dockerfile = "Dockerfile", tag = "leaky"}]\nmax-layers = 3')
    _, out, said = answer("check", "-o", "github")
    lines = out.decode().splitlines()
    assert lines[0].startswith("::error title=max-layers of leaky::4 layers, 1 over 3")
    assert lines[1].startswith("::error title=CONF011 secret-in-layer (high) of leaky::")
    assert "the image was not built from it" in said


def test_what_a_finding_tells_is_not_told_again(answer: Answer, fixture_image: Callable[[str, str], Path]) -> None:
    """A release that drops a GPU: the limit, the change and the finding are there, their one reason once."""
    old, new = (fixture_image(f"release-{name}", "oci-dir") for name in ("old", "new"))
    demands = ("--gpu", "V100", "--forbid", "gpu-dropped", "--against", old, "--max-growth", "1GB")
    code, out, _ = answer("check", new, *demands)
    text = " ".join(out.decode().split())
    assert code == 1
    for told in ("gpu-verdict: V100: none, expected jit or better", "gpu-dropped: V100 is dropped", "CUDA006"):
        assert told in text
    assert text.count("libtorch_cuda.so has no device code that runs on sm_70") == 1


def test_formats_of_one_image_are_refused(answer: Answer, project: Path) -> None:
    """And those that the settings file has for other commands are left to them."""
    code, _, error = answer("check", "-o", "sarif")
    assert (code, "expected one of terminal, json, markdown, github" in error) == (2, True)
    say(project, 'images = ["good"]', 'output = ["sarif=a.sarif", "terminal"]')
    assert answer("check")[0] == 0


def test_a_hostile_name_is_shown_harmless(answer: Answer, project: Path) -> None:
    """What breaks and the suppression that covers it come from elsewhere, too."""
    write(project, "evil", file("app/\x1b[2J::error::x/.netrc", LEAK[0].content, mode=0o600))
    for name in ("terminal", "json", "markdown", "github"):
        out = answer("check", "evil", "-o", name)[1]
        assert b"\x1b" not in out
        assert not any(line.startswith(b"::error::") for line in out.splitlines())
