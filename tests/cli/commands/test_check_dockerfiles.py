"""`layerscope check --dockerfiles`: what the policy builds of a Dockerfile, and what nothing is known of."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.images import build_image, write_image
from support.tar_writer import file

Answer = Callable[..., tuple[int, bytes, str]]

PASSWD = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"
DOCKERFILE = "FROM base\nCOPY passwd /etc/passwd\nCOPY serve.py /app/serve.py\nUSER app\n"
HISTORY = ("COPY passwd /etc/passwd # buildkit", "COPY serve.py /app/serve.py # buildkit", "USER app")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an image, its Dockerfile, and one that nothing is built from."""
    history = [{"created_by": text, "empty_layer": text.startswith("USER")} for text in HISTORY]
    layers = [[file("etc/passwd", PASSWD)], [file("app/serve.py", b"print()\n", mode=0o755)]]
    write_image(build_image(layers, runtime={"User": "app"}, history=history), tmp_path / "image", "oci-dir")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/Dockerfile").write_text("FROM scratch\n")
    say(tmp_path)
    return tmp_path


def say(folder: Path, policy: str = "", tag: str = "./image") -> None:
    """Write the settings file."""
    images = f'images = [{{dockerfile = "Dockerfile", tag = "{tag}"}}, "nowhere"]'
    (folder / "layerscope.toml").write_text(f"[check]\n{images}\n{policy}\n")


@pytest.mark.usefixtures("project")
def test_an_image_that_is_what_its_dockerfile_builds_is_checked(answer: Answer) -> None:
    """And no other image of the policy."""
    for words in ((), ("Dockerfile",), ("other/../Dockerfile",)):
        code, out, error = answer("check", "--dockerfiles", *words)
        assert (code, out.decode(), error) == (0, "✔ ./image  keeps to the policy\n", "")


def test_an_image_that_is_another_breaks_the_policy(answer: Answer, project: Path) -> None:
    """By the line that was changed, in every format; without --dockerfiles nobody asked."""
    (project / "Dockerfile").write_text(DOCKERFILE.replace("USER app", "RUN make\nUSER app"))
    code, out, _ = answer("check", "--dockerfiles", "Dockerfile")
    text = " ".join(out.decode().split())
    assert code == 1
    assert "the image is not what Dockerfile builds: line 4 is in no step of it: RUN make" in text
    assert "build it again: docker build -t ./image ." in text
    document = json.loads(answer("check", "--dockerfiles", "-o", "json")[1])
    assert [breach["limit"] for breach in document["images"][0]["breaches"]] == ["dockerfile"]
    assert answer("check", "./image")[0] == 0


def test_a_dockerfile_of_no_image_is_told_and_fails_where_the_policy_says_so(answer: Answer, project: Path) -> None:
    """Never skipped in silence, and beside others that are checked."""
    code, out, error = answer("check", "--dockerfiles", "other/Dockerfile")
    assert (code, out) == (0, b"")
    assert "other/Dockerfile: no image of the policy is built from it, so nothing was checked" in error
    assert answer("check", "--dockerfiles", "other/Dockerfile", "--unlisted-dockerfile", "fail")[0] == 1
    summary = json.loads(answer("check", "--dockerfiles", "other/Dockerfile", "-o", "json")[1])["summary"]
    assert (summary["text"], summary["exit_code"]) == ("no image was checked", 0)
    say(project, 'unlisted-dockerfile = "fail"')
    code, out, error = answer("check", "--dockerfiles", "other/Dockerfile", "Dockerfile")
    told = " ".join(out.decode().split())
    assert (code, error) == (1, "")
    assert "✔ ./image keeps to the policy" in told
    assert "✘ other/Dockerfile" in told
    assert "unlisted-dockerfile: no image of the policy is built from it, so nothing was checked" in told
    assert 'images = [{dockerfile = "other/Dockerfile", tag = "IMAGE"}]' in told
    for form, needle in (
        ("json", '"limit":"unlisted-dockerfile"'),
        ("junit", 'failures="1"'),
        ("gitlab", "unlisted-dockerfile"),
        ("sarif", "check/unlisted-dockerfile"),
        ("github", "::error"),
        ("markdown", "unlisted-dockerfile"),
        ("html", "unlisted-dockerfile"),
    ):
        code, out, _ = answer("check", "--dockerfiles", "other/Dockerfile", "-o", form)
        assert (code, needle in out.decode().replace('": "', '":"')) == (1, True), form
    say(project, 'unlisted-dockerfile = "fial"')
    code, _, error = answer("check", "--dockerfiles", "Dockerfile")
    assert (code, "expected one of warn, fail, found 'fial'" in error) == (2, True)


def test_an_image_that_was_not_built_is_told_how(answer: Answer, project: Path) -> None:
    """By its name, and by what builds it."""
    say(project, tag="./unbuilt")
    code, out, _ = answer("check", "--dockerfiles", "Dockerfile")
    assert code == 3
    assert "`docker build -t ./unbuilt .` builds it; " in " ".join(out.decode().split())


@pytest.mark.parametrize(("content", "told"), [(b"RUN x\n", "Dockerfile"), (b"FROM a\nNO x\n", "Dockerfile")])
def test_what_is_no_dockerfile_is_an_error(answer: Answer, project: Path, content: bytes, told: str) -> None:
    """With the name, before any image is read."""
    (project / "Dockerfile").write_bytes(content)
    code, out, error = answer("check", "--dockerfiles", "Dockerfile")
    assert (code, out) == (2, b"")
    assert f"reading '{told}': " in error
    assert answer("check", "--dockerfiles", "none/Dockerfile")[0] == 2


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (DOCKERFILE.replace("USER app", "RUN make\nUSER app"), 4),
        (DOCKERFILE.replace("COPY serve.py /app/serve.py", "COPY serve.py /srv/serve.py"), 3),
        ("# one\nFROM base\nRUN all\nRUN other\n", 2),
    ],
)
def test_a_breach_of_a_dockerfile_lies_at_its_line(answer: Answer, project: Path, content: str, line: int) -> None:
    """In every format that has places; a limit stays at the line that demands it."""
    say(project, "max-layers = 1")
    (project / "Dockerfile").write_text(content)
    out = answer("check", "--dockerfiles", "Dockerfile", "-o", "sarif")[1]
    places = {
        result["ruleId"]: result["locations"][0]["physicalLocation"] for result in json.loads(out)["runs"][0]["results"]
    }
    found = {
        rule: (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for rule, place in places.items()
        if rule.startswith("check/")
    }
    assert found == {"check/dockerfile": ("Dockerfile", line), "check/max-layers": ("layerscope.toml", 3)}
    assert f"file=Dockerfile,line={line}," in answer("check", "--dockerfiles", "-o", "github")[1].decode()
    assert f'file="Dockerfile" line="{line}"' in answer("check", "--dockerfiles", "-o", "junit")[1].decode()
    issues = json.loads(answer("check", "--dockerfiles", "-o", "gitlab")[1])
    assert {"path": "Dockerfile", "lines": {"begin": line}} in [issue["location"] for issue in issues]
    assert f"Dockerfile:{line}" in answer("check", "--dockerfiles", "-o", "html")[1].decode()


def test_a_dockerfile_of_no_image_is_its_own_place(answer: Answer, project: Path) -> None:
    """Not the line of the policy that makes a breach of it."""
    say(project, 'unlisted-dockerfile = "fail"')
    out = answer("check", "--dockerfiles", "other/Dockerfile", "-o", "sarif")[1]
    (result,) = json.loads(out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("other/Dockerfile", 1)


def test_a_forbidden_finding_lies_where_the_dockerfile_brings_it(answer: Answer, project: Path) -> None:
    """Below the severity that fails, it is told as the change that is forbidden alone."""
    secret = file("app/.netrc", b"machine example.org login me password Zt7pWq4hYd2k\n", mode=0o600)
    history = [{"created_by": text, "empty_layer": text.startswith("USER")} for text in HISTORY]
    layers = [[file("etc/passwd", PASSWD)], [file("app/serve.py", b"print()\n", mode=0o755), secret]]
    write_image(build_image(layers, runtime={"User": "app"}, history=history), project / "leaky", "oci-dir")
    say(project, 'fail-on = "never"\nagainst = "./image"\nforbid = ["new-secret"]', tag="./leaky")
    code, out, _ = answer("check", "./leaky", "-o", "sarif")
    (result,) = json.loads(out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (code, result["ruleId"]) == (1, "check/new-secret")
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("Dockerfile", 3)
