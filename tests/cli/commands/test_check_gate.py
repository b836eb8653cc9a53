"""`layerscope check` lets nothing pass that the policy forbids, and stops nothing that it allows."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.image.platform import host_platform
from support.images import build_image, write_image
from support.tar_writer import TarMember, directory, file, whiteout

Answer = Callable[..., tuple[int, bytes, str]]

BASE = (directory("etc"), file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"))
LEAK = (file("app/.netrc", b"machine example.org login me password Zt7pWq4hYd2k\n", mode=0o600),)
BASELINE = "layerscope-baseline.json"


def write(place: Path, *extra: TarMember, leaks: bool = False, **runtime: Any) -> Path:
    """An image that keeps to every policy, unless it leaks a password."""
    layers = [list(BASE), [file("app/serve.py", b"print('listening')\n", mode=0o755), *extra]]
    if leaks:
        layers += [list(LEAK), [whiteout("app/.netrc")]]
    write_image(build_image(layers, tag="team/llm:1", runtime={"User": "app", **runtime}), place, "oci-dir")
    return place


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a sound image `good`, and one that leaks a password, `leaky`."""
    write(tmp_path / "good")
    write(tmp_path / "leaky", leaks=True)
    return tmp_path


def say(folder: Path, policy: str, options: str = "") -> None:
    """Write the settings file."""
    (folder / "layerscope.toml").write_text(f"{options}\n[check]\n{policy}\n")


def words(out: bytes) -> str:
    """What was told, on one line."""
    return " ".join(out.decode().split())


def test_what_one_folder_has_accepted_is_no_other_folders(answer: Answer, project: Path) -> None:
    """Of two folders with the same scheme, one with an accepted secret does not let the other's pass, nor forget it."""
    write(project / "app2", leaks=True)
    assert answer("check", "oci-dir:leaky", "--update-baseline")[0] == 0
    assert answer("check", "oci-dir:leaky")[0] == 0
    assert answer("check", "leaky")[0] == 0, "it is the same one, however it is spelled"
    assert answer("check", "oci-dir:app2")[0] == 1
    assert answer("check", "oci-dir:app2", "--update-baseline")[0] == 0
    assert list(json.loads((project / BASELINE).read_text())["images"]) == ["./app2", "./leaky"]


def test_what_is_graver_than_accepted_is_new(answer: Answer, project: Path) -> None:
    """And told as that, as `diff` does; the severity stands in the file."""
    answer("check", "leaky", "--update-baseline")
    path = project / BASELINE
    assert answer("check", "leaky")[0] == 0
    path.write_text(path.read_text().replace('"high"', '"low"'))
    code, out, _ = answer("check", "leaky")
    assert (code, "high, accepted as low: " in words(out)) == (1, True)
    (image,) = json.loads(answer("check", "leaky", "-o", "json")[1])["images"]
    assert {each["accepted"] for each in image["findings"] if each["disposition"] == "fails"} == {"low"}


@pytest.mark.parametrize(
    "flag", ["max-size", "max-growth", "max-layers", "time-limit", "driver", "baseline", "against"]
)
@pytest.mark.usefixtures("project")
def test_an_empty_flag_is_no_missing_one(answer: Answer, flag: str) -> None:
    """A variable of a job that is not set would else lift the limit without a word."""
    code, out, error = answer("check", "good", f"--{flag}", "")
    assert (code, out) == (2, b"")
    assert f"--{flag}: expected " in error


def test_an_image_that_is_listed_twice_has_both_limits(answer: Answer, project: Path) -> None:
    """However it is spelled; a contradiction is an error."""
    say(project, 'images = ["good", {image = "./good", max-size = "1kB"}]')
    code, out, _ = answer("check")
    assert (code, out.count(b"good"), b"max-size" in out) == (1, 1, True)
    assert answer("check", f"oci-dir:{project}/good")[0] == 1
    say(project, 'images = [{image = "good", max-size = "1GB"}, {image = "good", max-size = "1kB"}]')
    code, _, error = answer("check")
    assert (code, "check.images[1]: max-size of good is another one in check.images[0]" in error) == (2, True)


def test_a_dockerfile_beside_a_compose_file_is_read(answer: Answer, project: Path) -> None:
    """Its stage and the limits of either hold."""
    pytest.importorskip("yaml", reason="compose files take layerscope[compose]")
    (project / "compose.yaml").write_text("services: {llm: {image: ./good}}\n")
    (project / "Dockerfile").write_text("FROM scratch\n")
    say(project, 'images = [{compose = "compose.yaml"}, {dockerfile = "Dockerfile", tag = "./good", max-layers = 1}]')
    code, out, _ = answer("check")
    assert (code, b"max-layers" in out) == (1, True)


@pytest.mark.usefixtures("project")
def test_a_verdict_without_gpus_is_an_error(answer: Answer) -> None:
    """As a comparison with nothing is; with a GPU, a driver or a fleet it has something to judge."""
    code, _, error = answer("check", "good", "--gpu-verdict", "native")
    assert (code, "--gpu-verdict: expected GPUs to judge good for" in error) == (2, True)
    assert answer("check", "good", "--gpu-verdict", "native", "--driver", "535")[0] == 0
    assert answer("check", "good")[0] == 0


def test_a_rule_has_one_level(answer: Answer, project: Path) -> None:
    """By code and by name it is the same rule."""
    say(project, 'images = ["good"]\nrules = {LAY103 = "fail", metadata-only-copy = "warn"}')
    code, _, error = answer("check")
    assert (code, "LAY103 is said already, as 'LAY103'" in error) == (2, True)


@pytest.mark.parametrize("name", ["terminal", "json", "markdown", "github"])
@pytest.mark.usefixtures("project")
def test_a_reference_that_cannot_be_had_is_what_is_told(answer: Answer, name: str) -> None:
    """Not the image itself, of which everything else is told."""
    demands = ("--against", "oci-dir:nowhere", "--max-growth", "1MB")
    code, out, _ = answer("check", "leaky", *demands, "-o", name)
    told = words(out)
    assert code == 3
    assert "CONF011" in told
    assert "(against), oci-dir:nowhere, could not be had" in told.replace("`", "")
    assert "leaky could not be had" not in told
    assert name != "terminal" or "✘ leaky breaks the policy in 1 point, and could not be compared" in told
    code, out, _ = answer("check", "good", *demands)
    assert (code, "✘ good could not be compared" in words(out)) == (3, True)


def test_a_damaged_reference_is_no_damage_of_the_image(answer: Answer, project: Path) -> None:
    """Exit code 4, as nothing can be said of the change."""
    write(project / "old")
    for blob in (project / "old" / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(blob.read_bytes()[:-9] + b"\0" * 9)
    code, out, _ = answer("check", "good", "--against", "old", "--max-growth", "1MB", "--no-cache-read")
    assert (code, "✘ good could not be compared" in words(out)) == (4, True)
    assert "(against), old, is damaged" in words(out)


def take_out_layer(folder: Path) -> None:
    """Make the last layer a foreign one, whose bytes lie elsewhere."""
    blobs = folder / "blobs" / "sha256"
    index = json.loads((folder / "index.json").read_text())
    manifest = json.loads((blobs / index["manifests"][0]["digest"].removeprefix("sha256:")).read_text())
    layer = manifest["layers"][-1]
    layer["urls"] = ["https://example.org/layer"]
    (blobs / layer["digest"].removeprefix("sha256:")).unlink()
    content = json.dumps(manifest).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    index["manifests"][0].update(digest=f"sha256:{digest}", size=len(content))
    (folder / "index.json").write_text(json.dumps(index))


def test_a_reference_with_an_unread_layer_is_no_measure(answer: Answer, project: Path) -> None:
    """Growth would be told too large, and what lies in the layer as never gone."""
    write(project / "old")
    take_out_layer(project / "old")
    code, out, _ = answer("check", "good", "--against", "old", "--max-growth", "1kB")
    told = words(out)
    assert code == 5, told
    assert "(against), old, could not be read whole: layer 1 could not be read" in told
    assert "max-growth" not in told


def test_an_unread_layer_is_unfinished_whatever_else_is_found(answer: Answer, project: Path) -> None:
    """Exit code 5, and what breaks the policy is told as well."""
    take_out_layer(project / "leaky")
    code, out, _ = answer("check", "leaky", "--max-layers", "1")
    assert (code, "could not be checked whole" in words(out)) == (5, True)
    assert "max-layers: 4 layers" in words(out)


@pytest.mark.parametrize("policy", ['rules = {CONF011 = "ignore"}', 'suppress = [{rule = "CONF011", reason = "x"}]'])
def test_a_suppressed_secret_is_no_new_one(answer: Answer, project: Path, policy: str) -> None:
    """Nor is one that is ignored, or in the baseline; any other is."""
    forbid = 'against = "good"\nforbid = ["new-secret"]\nimages = ["leaky"]\nfail-on = "critical"'
    say(project, forbid)
    assert answer("check")[0] == 1
    say(project, f"{forbid}\n{policy}")
    code, out, _ = answer("check")
    assert (code, b"new-secret" in out) == (0, False)
    (image,) = json.loads(answer("check", "-o", "json")[1])["images"]
    assert [each["kept"] for each in image["limits"]] == [True]


def test_a_baseline_accepts_a_new_secret(answer: Answer, project: Path) -> None:
    """Also where its severity alone would not break the policy."""
    say(project, 'against = "good"\nforbid = ["new-secret"]\nimages = ["leaky"]\nfail-on = "critical"')
    assert answer("check", "--update-baseline")[0] == 0
    assert answer("check")[0] == 0
    write(project / "leaky", file("app/.pgpass", b"db:5432:*:me:Zt7pWq4hYd2k\n", mode=0o600), leaks=True)
    code, out, _ = answer("check")
    assert (code, b"new-secret" in out) == (1, True)


def test_a_dockerfile_is_read_before_any_image(answer: Answer, project: Path) -> None:
    """Also where the image is sound, so that its fault is not found on the day of a finding."""
    (project / "Dockerfile").write_text("FROM debian:12 AS run\n")
    entry = 'images = [{{dockerfile = "Dockerfile", tag = "{}", target = "{}"}}]'
    for tag in ("good", "oci-dir:nowhere"):
        say(project, entry.format(tag, "runn"))
        code, out, error = answer("check")
        assert (code, out, "runn" in error) == (2, b"", True)
    say(project, entry.format("good", "run"))
    assert answer("check")[0] == 0


@pytest.mark.parametrize("text", ['{"version": 2, "images": {', '{"version": 1, "images": {}}'])
def test_a_broken_baseline_is_written_anew(answer: Answer, project: Path, text: str) -> None:
    """Where that is asked for, as the error says; another file never is."""
    path = project / BASELINE
    path.write_text(text)
    code, _, error = answer("check", "leaky")
    assert (code, "--update-baseline writes it anew" in error) == (2, True)
    assert answer("check", "leaky", "--update-baseline")[0] == 0
    assert answer("check", "leaky")[0] == 0
    code, _, error = answer("check", "leaky", "--update-baseline", "--baseline", "good/index.json")
    assert (code, "it is another file" in error) == (2, True)


def test_damage_is_never_written_to_a_baseline(answer: Answer, project: Path) -> None:
    """What it knew of the image stays."""
    answer("check", "leaky", "--update-baseline")
    before = (project / BASELINE).read_text()
    for blob in (project / "leaky" / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(blob.read_bytes()[:-9] + b"\0" * 9)
    assert answer("check", "leaky", "--update-baseline", "--no-cache-read")[0] == 4
    assert (project / BASELINE).read_text() == before


def test_paths_of_the_settings_file_are_meant_from_its_folder(
    answer: Answer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever folder the check is started from; those of flags are meant from there."""
    (project / ".git").mkdir()
    (project / "sub").mkdir()
    entries = '["oci-dir:good", "./leaky", {image = "good", against = "./leaky", max-growth = "1MB"}]'
    say(project, f"images = {entries}")
    code, out, _ = answer("check")
    answer("check", "--update-baseline")
    monkeypatch.chdir(project / "sub")
    assert answer("check", "--no-cache-read", "--baseline", "none.json")[0] == 2
    (project / BASELINE).rename(project / "accepted.json")
    assert answer("check")[:2] == (code, out)
    (project / "accepted.json").rename(project / BASELINE)
    assert answer("check")[0] == 0, "the baseline knows the image from here as well"
    assert answer("check", "oci-dir:good")[0] == 3
    assert answer("check", "../leaky", "--fail-on", "low")[0] == 0


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ('images = [{imge = "x"}]', "imge: unknown key"),
        ('baseline = "../x"', "check.baseline: expected a path below"),
        ('images = ["good"]\nmax-growth = "5%"', "expected an image to compare good with"),
    ],
)
def test_settings_that_make_no_sense_are_not_shown_as_good(
    answer: Answer, project: Path, policy: str, message: str
) -> None:
    """What a check would refuse, the display refuses as well."""
    say(project, policy)
    code, out, error = answer("check", "--show-config")
    assert (code, out, message in error) == (2, b"", True)


def test_settings_are_shown_and_never_written_over_a_report(answer: Answer, project: Path) -> None:
    """The outputs of the file are for reports; they are shown, and so is the most of rows."""
    say(project, 'images = ["none-{branch}"]', 'output = ["json=out.json"]\nlimit = 3')
    (project / "out.json").write_text("a report")
    code, out, _ = answer("check", "--show-config")
    assert (code, (project / "out.json").read_text()) == (0, "a report")
    assert "limit 3 file" in words(out)
    assert 'output ["json=' in words(out)
    assert answer("check", "--show-config", "-o", "json=shown.json")[0] == 0
    assert json.loads((project / "shown.json").read_text())["settings"]


def test_the_platform_is_told_where_there_are_several(
    answer: Answer, project: Path, fixture_image: Callable[[str, str], Path]
) -> None:
    """And how many were not checked; a policy can ask for all of them."""
    multi = fixture_image("multi-platform", "oci-dir")
    (project / "multi").symlink_to(multi)
    say(project, 'images = ["multi"]\nfail-on = "never"')
    here, platforms = host_platform(), ["linux/amd64", "linux/arm64"]
    code, out, _ = answer("check")
    assert (code, f"✔ multi keeps to the policy ({here}; another platform not checked)" in words(out)) == (0, True)
    say(project, f'images = ["multi"]\nfail-on = "never"\nplatforms = {platforms}')
    code, out, _ = answer("check")
    assert [f"multi keeps to the policy ({each})" in words(out) for each in platforms] == [True, True]
    images = json.loads(answer("check", "-o", "json")[1])["images"]
    assert [(each["platform"], each["unchecked"]) for each in images] == [(each, []) for each in platforms]
    assert answer("check", "--platform", "linux/arm64")[1].decode().count("multi") == 1
    assert answer("check", "good")[0] == 3, "it has not both"
    say(project, 'images = [{image = "multi", platforms = ["linux/riscv64"]}]')
    assert answer("check")[0] == 3
    say(project, 'images = ["multi"]\nplatforms = ["x"]')
    assert answer("check")[0] == 2


def test_the_platform_of_a_service_is_checked(
    answer: Answer, project: Path, fixture_image: Callable[[str, str], Path]
) -> None:
    """One image for two platforms is two images."""
    pytest.importorskip("yaml", reason="compose files take layerscope[compose]")
    (project / "multi").symlink_to(fixture_image("multi-platform", "oci-dir"))
    image = "image: ./multi, platform: linux"
    (project / "compose.yaml").write_text(f"services: {{a: {{{image}/arm64}}, b: {{{image}/amd64}}}}\n")
    say(project, 'images = [{compose = "compose.yaml"}]\nfail-on = "never"')
    code, out, _ = answer("check")
    assert code == 0
    assert ["(linux/arm64)" in words(out), "(linux/amd64)" in words(out)] == [True, True]


@pytest.mark.usefixtures("project")
def test_a_time_limit_says_what_is_kept(answer: Answer) -> None:
    """What was read of one layer alone is lost, so another run need not get further."""
    code, out, _ = answer("check", "good", "--time-limit", "1ms", "--no-cache-read")
    assert (code, "one that alone takes longer needs a longer limit" in words(out)) == (5, True)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("time-limit", "999999999h"),
        ("max-layers", "9" * 5000),
        ("max-wasted", "0.05"),
        ("max-size", "0.5"),
        ("min-efficiency", "1.5"),
    ],
)
@pytest.mark.usefixtures("project")
def test_an_amount_that_makes_no_sense_is_refused(answer: Answer, flag: str, value: str) -> None:
    """In one line, not as a defect, and not as a limit that nobody meant."""
    code, out, error = answer("check", "good", f"--{flag}", value)
    assert (code, out) == (2, b"")
    assert f"--{flag}: expected " in error


def test_a_share_is_one_in_a_flag_and_in_the_file(answer: Answer, project: Path) -> None:
    """As a part of one, or with the sign."""
    assert answer("check", "good", "--min-efficiency", "0.95")[0] == 0
    say(project, 'images = ["good"]\nmin-efficiency = 0.95')
    assert answer("check")[0] == 0


def test_to_forbid_nothing_takes_no_reference(answer: Answer, project: Path) -> None:
    """Neither for all images nor for one that is freed of what holds for all."""
    say(project, 'images = ["good"]\nforbid = []')
    assert answer("check")[0] == 0
    say(project, 'images = [{image = "good", forbid = []}]\nforbid = ["root-user"]')
    assert answer("check")[0] == 0
