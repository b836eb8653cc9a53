"""`layerscope check` on images that a test can see whole: policy, baseline, time, and what a person reads."""

import html
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from layerscope.audit import pipeline
from layerscope.cli import check_images
from layerscope.cli.time_limit import OutOfTimeError
from layerscope.report.gate.formats import CHECK_RENDERERS
from layerscope.report.json_schema import CHECK_SCHEMA_FILE, render_check_schema
from support.images import build_image, write_image
from support.report_checks import check_gitlab, check_html, check_junit, check_sarif
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
    assert list(known["images"]) == ["./leaky"]
    accepted = {"finding": "CONF011 secret-in-layer /app/.netrc", "severity": "high"}
    assert list(known["images"]["./leaky"].values()) == [accepted]
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


def test_a_suppression_of_no_image_is_told_as_that(answer: Answer, project: Path) -> None:
    """With the names that there are, in every format; the finding that it was meant for breaks the policy."""
    say(project, 'images = ["leaky"]\nsuppress = [{rule = "CONF011", image = "team/*", reason = "revoked"}]')
    expected = (
        "check.suppress[0]: CONF011 of team/* suppresses nothing: no image that is checked has such a name, but leaky"
    )
    for form in CHECK_RENDERERS.keys() - {"json", "gitlab"}:
        code, out, _ = answer("check", "-o", form)
        told = " ".join(html.unescape(out.decode()).replace("\\", "").replace("`", "").split())
        assert (code, expected in told) == (1, True), form
    document = json.loads(answer("check", "-o", "json")[1])
    assert [[each["rule"] for each in document[key]] for key in ("unused", "unmatched")] == [["CONF011"], ["CONF011"]]
    jsonschema.validate(document, json.loads(CHECK_SCHEMA_FILE.read_text()))


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
    assert lines[0].startswith("::error file=layerscope.toml,line=4,title=max-layers of leaky::4 layers, 1 over 3")
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


def build_on(folder: Path) -> None:
    """An image `app` whose base `leaky-base` leaks a password, and that leaks one of its own only if asked."""
    below = [list(BASE), [*LEAK]]
    write_image(build_image(below, tag="base:1"), folder / "leaky-base", "oci-dir")
    above = [*below, [file("app/serve.py", b"print()\n", mode=0o755)]]
    write_image(build_image(above, tag="app:1", runtime={"User": "app"}), folder / "app", "oci-dir")


def test_a_team_answers_for_its_own_layers(answer: Answer, project: Path) -> None:
    """With the base named, by flag or key, for all or one; what lies in the base is counted, and its origin shown."""
    build_on(project)
    say(project, 'images = ["app"]\nrules = {CONF007 = "ignore"}')
    assert answer("check")[0] == 1
    code, out, _ = answer("check", "--base", "leaky-base", "--ignore-base")
    assert (code, b"in the base image left out" in out) == (0, True)
    say(project, 'images = [{image = "app", base = "leaky-base", ignore-base = true}]')
    assert answer("check")[0] == 0
    image = json.loads(answer("check", "-o", "json")[1])["images"][0]
    assert (image["base"], image["ignored"] > 0) == ("oci-dir:leaky-base", True) or image["base"] == "leaky-base"
    say(project, 'images = ["app"]\nbase = "leaky-base"\nignore-base = true')
    assert answer("check")[0] == 0
    settings = json.loads(answer("check", "--show-config", "-o", "json")[1])["settings"]
    said = {each["key"]: (each["value"], each["origin"]) for each in settings}
    assert (said["base"], said["ignore-base"]) == (("leaky-base", "file"), (True, "file"))
    say(project, 'images = ["app"]', 'base = "leaky-base"\nignore-base = true')
    assert answer("check")[0] == 0


def test_a_base_that_is_none_is_no_success(answer: Answer, project: Path) -> None:
    """Named wrongly, not there, or unknown: the image could not be checked, and the others are."""
    build_on(project)
    say(project, 'images = ["good", {image = "app", base = "leaky", ignore-base = true}]')
    code, out, _ = answer("check")
    assert (code, "✔ good" in out.decode(), "could not be checked" in out.decode()) == (5, True, True)
    assert "built on another image" in " ".join(out.decode().split())
    code, out, _ = answer("check", "good", "--ignore-base", "--no-cache-read")
    assert (code, "name the base image with --base" in " ".join(out.decode().split())) == (5, True)
    code, out, _ = answer("check", "good", "--base", "oci-dir:none")
    assert (code, "the base image" in " ".join(out.decode().split())) == (3, True)
    say(project, 'images = ["good"]\nignor-base = true')
    code, _, error = answer("check")
    assert (code, "did you mean 'ignore-base'" in error) == (2, True)


def test_a_base_that_is_only_guessed_hides_nothing(answer: Answer, project: Path) -> None:
    """What an audit of another image taught this machine may be of an earlier version of the same one."""
    build_on(project)
    say(project, 'images = ["app"]\nrules = {CONF007 = "ignore"}\nignore-base = true')
    answer("audit", "leaky-base", "-q")
    base = json.loads(answer("audit", "app", "-o", "json")[1])["image"]["base"]
    assert base["evidence"] == "layer prefix with an image audited before"
    code, out, _ = answer("check")
    told = " ".join(out.decode().split())
    assert code == 5
    assert "known only from an audit of it on this machine; name the base image with --base" in told


@pytest.fixture
def branch(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project as a repository on the branch `good`, of no job."""
    for name in ("GITLAB_CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    for words in (
        ("init", "--quiet", "-b", "good"),
        ("-c", "user.name=n", "-c", "user.email=a@example.org", "commit", "--quiet", "--allow-empty", "-m", "one"),
    ):
        subprocess.run(["git", *words], cwd=project, check=True)
    say(project, 'images = ["oci-dir:{branch}"]')
    return project


def test_the_image_of_the_branch_is_checked(answer: Answer, branch: Path) -> None:
    """HEAD's, or that of the job; a tag that HEAD does not have is told where another image is checked."""
    code, out, _ = answer("check")
    assert (code, out.decode()) == (0, "✔ oci-dir:good  keeps to the policy\n")
    say(branch, 'images = ["oci-dir:{branch}", "oci-dir:{tag}"]')
    code, out, _ = answer("check")
    assert code == 0
    assert "nothing stands for {tag}: HEAD is the branch good, without a tag" in out.decode()
    say(branch, 'images = ["oci-dir:{tag}"]')
    code, _, error = answer("check")
    assert (code, "no image to check: oci-dir:{tag}: nothing stands for {tag}" in error) == (2, True)


@pytest.mark.parametrize(
    "variables",
    [
        {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "leaky"},
        {"GITLAB_CI": "true", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "Leaky"},
        {"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "leaky"},
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REF_NAME": "7/merge",
            "GITHUB_HEAD_REF": "leaky",
        },
    ],
)
@pytest.mark.usefixtures("branch")
def test_a_job_says_its_branch(answer: Answer, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """For what it has checked out is detached."""
    for name in ("CI_COMMIT_BRANCH", "CI_COMMIT_TAG", "GITHUB_HEAD_REF"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert answer("check")[0] == 1


def test_a_detached_head_is_an_error(answer: Answer, branch: Path) -> None:
    """Unless a tag points at it; an image that is named is checked all the same."""
    subprocess.run(["git", "checkout", "--quiet", "--detach"], cwd=branch, check=True)
    code, out, error = answer("check")
    assert (code, out) == (2, b"")
    assert "check.images[0]: 'oci-dir:{branch}': nothing stands for {branch}: HEAD is detached, without a tag" in error
    assert answer("check", "good")[0] == 0


def test_a_name_without_a_repository_is_an_error(
    answer: Answer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would stand for it is nowhere."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    say(project, 'images = ["a:{commit}"]')
    code, _, error = answer("check")
    assert (code, "the working directory is in no repository of git" in error) == (2, True)


def test_an_image_may_be_missing_where_the_policy_says_so(answer: Answer, branch: Path) -> None:
    """That is told, and how to say it where it does not."""
    say(branch, 'images = ["oci-dir:none-{branch}", "good"]')
    code, out, _ = answer("check")
    assert code == 3
    assert "optional = true into check.images[0]" in " ".join(out.decode().split())
    say(branch, 'images = [{image = "oci-dir:none-{branch}", optional = true}, "good"]')
    code, out, _ = answer("check")
    assert (code, "oci-dir:none-good  was left out" in out.decode()) == (0, True)
    assert "1 image keeps to the policy, 1 was left out" in out.decode()
    say(branch, 'images = [{image = "good", optional = true, against = "oci-dir:none", max-growth = "1MB"}]')
    assert answer("check")[0] == 3, "what it is compared with has to be there"


def test_formats_of_one_image_are_refused(answer: Answer, project: Path) -> None:
    """And those that the settings file has for other commands are left to them."""
    code, _, error = answer("check", "-o", "spdx")
    assert (code, "expected one of terminal, json, markdown, html, sarif, junit, github, gitlab" in error) == (2, True)
    say(project, 'images = ["good"]', 'output = ["cyclonedx=a.json", "terminal"]')
    assert answer("check")[0] == 0
    assert not (project / "a.json").exists()


def test_several_formats_come_of_one_run(answer: Answer, project: Path) -> None:
    """Each is whole: files, and what is printed."""
    say(project, 'images = ["good", {image = "leaky", max-layers = 3}, "oci-dir:none"]')
    files = ("sarif=a.sarif", "junit=a.xml", "gitlab=a.json", "html=a.html", "markdown=a.md", "json")
    code, out, _ = answer("check", *(word for each in files for word in ("-o", each)))
    assert (code, len(json.loads(out)["images"])) == (3, 3)
    run = check_sarif((project / "a.sarif").read_text())
    assert [result["ruleId"] for result in run["results"]] == ["check/max-layers", "check/absent-image", "CONF011"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "layerscope.toml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 69}
    suites = check_junit((project / "a.xml").read_text())
    told = {suite.get("name"): (suite.get("failures"), suite.get("errors")) for suite in suites}
    assert told == {"good": ("0", "0"), "leaky": ("2", "0"), "oci-dir:none": ("0", "1")}
    assert len(check_gitlab((project / "a.json").read_text())) == 3
    assert "1 of 3 images breaks the policy" in " ".join(check_html((project / "a.html").read_text()).texts)


@pytest.mark.parametrize("absent", ["image", "reference"])
def test_what_could_not_be_had_is_told_once(answer: Answer, project: Path, absent: str) -> None:
    """By the case of the image, which is an error; the clauses that need it are skipped."""
    missing = project / "a-name-that-is-seen-once"
    words = ["good"] if absent == "reference" else [f"oci-dir:{missing}"]
    against = f"oci-dir:{missing}" if absent == "reference" else "good"
    limits = ("--max-growth", "1GB", "--forbid", "new-secret", "--forbid", "root-user", "--max-size", "1GB")
    code, out, _ = answer("check", *words, "--against", against, *limits, "-o", "junit")
    (suite,) = check_junit(out.decode())
    errors, skipped = suite.findall("testcase/error"), suite.findall("testcase/skipped")
    assert (code, len(errors), suite.findtext("testcase/failure")) == (3, 1, None)
    assert missing.name in errors[0].get("message", "")
    assert len(skipped) == (3 if absent == "reference" else 5)
    told = [f"{each.get('message')} {each.text}" for each in skipped]
    assert all("could not be had" in each and missing.name not in each for each in told)


def test_what_the_time_left_out_is_skipped_by_name(answer: Answer, project: Path) -> None:
    """Every clause of every image, and no case passes."""
    answer("check", "--time-limit", "1ms", "--no-cache-read", "-o", "junit=a.xml", "-o", "sarif=a.sarif")
    suites = check_junit((project / "a.xml").read_text())
    assert [suite.get("tests") for suite in suites] == [suite.get("skipped") for suite in suites] == ["2", "2"]
    run = check_sarif((project / "a.sarif").read_text())
    assert [result["ruleId"] for result in run["results"]] == ["check/unchecked-image"] * 2
    assert run["invocations"][0]["executionSuccessful"] is False


def test_what_could_not_be_compared_does_not_pass(answer: Answer, project: Path) -> None:
    """The image's case is an error, and the clauses that compare are skipped; the others are judged."""
    say(project, 'images = [{image = "good", against = "oci-dir:none", max-growth = "1MB", forbid = ["root-user"]}]')
    assert answer("check", "--max-layers", "9", "-o", "junit=a.xml")[0] == 3
    (suite,) = check_junit((project / "a.xml").read_text())
    told = {case.get("name"): [each.tag for each in case] for case in suite}
    assert told == {
        "the image can be checked": ["error"],
        "max-growth": ["skipped"],
        "root-user": ["skipped"],
        "max-layers": ["system-out"],
        "fail-on = high": [],
    }


def test_what_is_accepted_is_told_as_such(answer: Answer, project: Path) -> None:
    """In SARIF by what it has for that; a result has the same fingerprint however it counts."""
    answer("check", "leaky", "-o", "sarif=a.sarif")
    (before,) = check_sarif((project / "a.sarif").read_text())["results"]
    answer("check", "leaky", "--update-baseline", "-o", "sarif=a.sarif")
    (known,) = check_sarif((project / "a.sarif").read_text())["results"]
    say(project, 'suppress = [{rule = "CONF011", reason = "revoked", expires = 2999-01-01}]')
    answer("check", "leaky", "-o", "sarif=a.sarif")
    (suppressed,) = check_sarif((project / "a.sarif").read_text())["results"]
    assert [each["level"] for each in (before, known, suppressed)] == ["error", "note", "note"]
    assert [each["baselineState"] for each in (before, known, suppressed)] == ["new", "unchanged", "new"]
    assert (before["suppressions"], known["suppressions"]) == ([], [])
    (suppression,) = suppressed["suppressions"]
    assert (suppression["kind"], suppression["justification"]) == ("external", "revoked")
    assert before["partialFingerprints"] == known["partialFingerprints"] == suppressed["partialFingerprints"]


@pytest.mark.parametrize("name", ["layerscope.toml", "pyproject.toml"])
def test_a_broken_limit_has_its_line(answer: Answer, project: Path, name: str) -> None:
    """In either file; that of a compose file's service where no file demands anything."""
    table = "check" if name == "layerscope.toml" else "tool.layerscope.check"
    (project / "layerscope.toml").unlink()
    (project / name).write_text(f'# first\n[{table}]\nimages = ["leaky"]\nfail-on = "never"\nmax-layers = 3\n')
    answer("check", "-o", "gitlab=a.json")
    (issue,) = check_gitlab((project / "a.json").read_text())
    assert (issue["location"]["path"], issue["location"]["lines"]["begin"]) == (name, 5)
    pytest.importorskip("yaml", reason="compose files take layerscope[compose]")
    (project / "compose.yaml").write_text("services:\n  a: {build: .}\n  llm:\n    image: leaky\n")
    entry = 'images = [{compose = "compose.yaml", services = ["llm"]}]'
    (project / name).write_text(f'[{table}]\n{entry}\nfail-on = "never"\n')
    answer("check", "--max-layers", "3", "-o", "gitlab=a.json")
    (issue,) = check_gitlab((project / "a.json").read_text())
    assert (issue["location"]["path"], issue["location"]["lines"]["begin"]) == ("compose.yaml", 3)


def test_a_hostile_name_is_shown_harmless(answer: Answer, project: Path) -> None:
    """What breaks and the suppression that covers it come from elsewhere, too."""
    write(project, "evil", file("app/\x1b[2J::error::x/.netrc", LEAK[0].content, mode=0o600))
    for name in CHECK_RENDERERS:
        out = answer("check", "evil", "-o", name)[1]
        assert b"\x1b" not in out
        assert not any(line.startswith(b"::error::") for line in out.splitlines())
