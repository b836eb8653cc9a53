"""`layerscope diff` on two images that a test can see whole."""

import html
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from layerscope.audit import image_diff
from layerscope.cli.outputs import DIFF_FORMATS
from layerscope.diff.trees import FileChange, iter_file_changes
from layerscope.filesystem.tree import MergedTree
from layerscope.formats.elf_object import NeededVersion
from layerscope.report.diff.formats import RENDERERS
from layerscope.report.json_schema import DIFF_SCHEMA_FILE, render_diff_schema
from support.built_image import build_image
from support.elf_images import write_files
from support.elf_writer import ElfPlan
from support.hostile_texts import ATTACKS, REVEALED
from support.images import write_image
from support.report_checks import check_html
from support.tar_writer import TarMember, directory, file, symlink

Answer = Callable[..., tuple[int, bytes, str]]

RELEASE = b"ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian 12\n"


def zipped(members: dict[str, bytes], *, year: int) -> bytes:
    """A zip archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return held.getvalue()


METADATA = "Metadata-Version: 2.1\nName: numpy\nVersion: {}\n"
SITE = "usr/lib/python3/dist-packages"


def write_version(
    folder: Path, name: str, *, numpy: str = "1.26.4", extra: Sequence[TarMember] = (), **runtime: Any
) -> Path:
    """An image with a Python, numpy in some version, and whatever a test adds in a layer of its own."""
    system = [directory("etc"), file("etc/os-release", RELEASE), file("usr/bin/python3.11", b"\x7fELF", mode=0o755)]
    python = [
        symlink("usr/bin/python3", "python3.11"),
        file(f"{SITE}/numpy-{numpy}.dist-info/METADATA", METADATA.format(numpy).encode()),
        file(f"{SITE}/numpy/__init__.py", f"__version__ = '{numpy}'\n".encode()),
    ]
    layers = [system, python, list(extra)] if extra else [system, python]
    path = folder / name
    write_image(build_image(layers, tag=f"team/llm:{name}", runtime={"User": "app", **runtime}), path, "oci-dir")
    return path


def test_an_image_is_the_same_as_itself(answer: Answer, tmp_path: Path) -> None:
    """Exit code 0, and one line that says so; from an archive as well."""
    image = write_version(tmp_path, "one")
    code, out, _ = answer("diff", image, image)
    assert (code, "no difference" in out.decode()) == (0, True)


def test_the_first_screen_is_what_matters(answer: Answer, tmp_path: Path) -> None:
    """A user that becomes root, a package over a promise, weights that come: each is told before anything else."""
    before = write_version(tmp_path, "1.4")
    after = write_version(
        tmp_path, "1.5", numpy="2.1.0", extra=[file("opt/m/model.safetensors", b"x" * 5000)], User="root"
    )
    code, out, _ = answer("diff", before, after)
    text = out.decode()
    head = text[: text.index("Characteristics")]
    assert code == 1
    for told in ("numpy goes from 1.26.4 to 2.1.0", "a model file in /opt/m is added", "model m in /opt/m"):
        assert told in head
    assert "the user goes from" in head
    assert "distribution" in head.partition("the same")[2]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--semantic",), 0),
        (("--semantic", "--keep", "logs"), 1),
        (("--ignore", "logs"), 0),
        (("--ignore", "caches"), 1),
        (("--ignore-path", "/var/**"), 0),
        (("--ignore-path", "/opt/**"), 1),
        (("--only", "layers", "--semantic"), 1),
        (("--ignore-path", "/var/**", "--only", "files"), 0),
        (("--only-path", "/etc/**", "--only", "files"), 0),
        (("--only", "config"), 0),
        (("--only", "packages", "--only", "config"), 0),
    ],
)
def test_what_counts_is_for_the_user_to_say(
    answer: Answer, tmp_path: Path, options: tuple[str, ...], code: int
) -> None:
    """A log that differs, and nothing else."""
    before = write_version(tmp_path, "1.4", extra=[file("var/log/build.log", b"monday\n")])
    after = write_version(tmp_path, "1.5", extra=[file("var/log/build.log", b"friday\n")])
    assert answer("diff", before, after, *options)[0] == code


def test_the_document_keeps_its_promise(answer: Answer, tmp_path: Path) -> None:
    """Valid against the committed schema, which is that of the types; it names the files and what they are."""
    before = write_version(tmp_path, "1.4")
    after = write_version(tmp_path, "1.5", numpy="2.1.0", Env=["HUB_TOKEN=hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"])
    document = json.loads(answer("diff", before, after, "-o", "json")[1])
    assert DIFF_SCHEMA_FILE.read_text() == render_diff_schema()
    jsonschema.validate(document, json.loads(DIFF_SCHEMA_FILE.read_text()))
    (package,) = document["packages"]
    assert (package["name"], package["before"], package["after"]) == ("numpy", ["1.26.4"], ["2.1.0"])
    assert "hf_abc" not in json.dumps(document)
    assert {each["fate"] for each in document["layers"]} == {"shared", "added", "removed"}
    assert [each["name"] for each in document["digest"]] == ["files", "config"]
    assert (document["summary"]["whole"], document["summary"]["doubts_after"]) == (True, [])


def write_built(folder: Path, name: str, *steps: tuple[str, list[TarMember] | None], **runtime: Any) -> Path:
    """An image whose history has these steps, each with its layer or none; those called own are of a later build."""
    times = {True: "2026-02-01T00:00:00Z", False: "2026-01-01T00:00:00Z"}
    history = [
        {"created": times[text.startswith("own")], "created_by": text, "empty_layer": layer is None}
        for text, layer in steps
    ]
    layers = [layer for _, layer in steps if layer is not None]
    path = folder / name
    write_image(build_image(layers, tag=f"team/{name}:1", runtime=runtime, history=history), path, "oci-dir")
    return path


BASE_STEPS = (("ADD root /", [file("etc/a", b"a")]), ("RUN x", [file("usr/b", b"b")]), ('CMD ["sh"]', None))
OWN_STEPS = (("own 1", [file("app/c", b"c" * 50)]), ("own ENV", None))


def test_an_image_is_compared_with_its_base(answer: Answer, document: Callable[..., Any], tmp_path: Path) -> None:
    """An image audited before is A; where it is gone, the layers that it gave are, and the report says so."""
    image = write_built(tmp_path, "app", *BASE_STEPS, *OWN_STEPS, Cmd=["sh"], User="app")
    base = write_built(tmp_path, "base", *BASE_STEPS, Cmd=["sh"])
    code, _, told = answer("diff", "--base", image)
    assert (code, "name the base: layerscope diff BASE IMAGE" in told) == (2, True)
    answer("audit", base)
    found = document("diff", "--base", image)
    assert found["before"]["reference"] == f"oci-dir:{base}"
    assert [each["path"] for each in found["files"] if each["growth"]] == ["/app/c"]
    base.rename(tmp_path / "moved")
    again = document("diff", "--base", image)
    assert again["before"]["reference"] == f"the lowest 2 layers of oci-dir:{image}"
    assert "is not at hand" in again["before"]["notes"][0]
    for part in ("files", "layers", "sizes"):
        assert again[part] == found[part]
    for name in ("terminal", "markdown", "html"):
        assert "is not at hand" in " ".join(answer("diff", "--base", image, "-o", name)[1].decode().split())


def make_base_steps(folder: Path) -> tuple[tuple[str, list[TarMember]], ...]:
    """The steps of a base that no other test has, for what is audited is remembered."""
    return (("ADD root /", [file("etc/a", str(folder).encode())]), ("RUN x", [file("usr/b", b"b")]))


@pytest.mark.parametrize("form", DIFF_FORMATS)
def test_how_a_base_was_found_is_told_in_every_format(answer: Answer, tmp_path: Path, form: str) -> None:
    """By a label whose image was looked at, or as an image audited before, with which a label may agree."""
    below = make_base_steps(tmp_path)
    base = write_built(tmp_path, "base", *below)
    labels = {"org.opencontainers.image.base.name": f"oci-dir:{base}"}
    plain, labelled = (
        write_built(tmp_path, name, *below, *OWN_STEPS, **runtime)
        for name, runtime in (("plain", {}), ("labelled", {"Labels": labels}))
    )
    for image, told in (
        (labelled, f"the base, as the label of oci-dir:{labelled} says: its 2 layers are its lowest"),
        (plain, f"taken for the base as an image audited before: its 2 layers are the lowest of oci-dir:{plain}"),
        (labelled, f"the lowest of oci-dir:{labelled}, and its label says the same"),
    ):
        assert in_words(told) in in_words(read_told(answer("diff", "--base", image, "-o", form)[1], form))


@pytest.mark.parametrize("form", DIFF_FORMATS)
def test_a_false_claim_of_another_base_is_told(answer: Answer, tmp_path: Path, form: str) -> None:
    """It is the image that was audited before whose layers are the lowest ones, and the report says why."""
    below = make_base_steps(tmp_path)
    base = write_built(tmp_path, "base", *below)
    other = write_built(tmp_path, "other", below[0], ("ADD x /", [file("x", b"x")]))
    lower = write_built(tmp_path, "lower", below[0])
    answer("audit", base)
    false, shorter, lost = (
        write_built(tmp_path, name, *below, *OWN_STEPS, Labels={"org.opencontainers.image.base.name": claim})
        for name, claim in (
            ("false", f"oci-dir:{other}"),
            ("shorter", f"oci-dir:{lower}"),
            ("lost", f"oci-dir:{tmp_path}/lost.oci"),
        )
    )
    for image, told in (
        (false, f"oci-dir:{other}, which does not hold: that has other layers now: 1 of its 2 is among the image's"),
        (shorter, f"oci-dir:{lower}, which has only the lowest 1 layer of this one's"),
        (lost, f"oci-dir:{tmp_path}/lost.oci, which does not hold: "),
    ):
        text = in_words(read_told(answer("diff", "--base", image, "-o", form)[1], form))
        assert in_words(f"the label of oci-dir:{image} claims another base, {told}") in text
        assert in_words(f"oci-dir:{base}") in text


def read_told(out: bytes, form: str) -> str:
    """What a format tells, without what it writes around it."""
    text = html.unescape(out.decode())
    return json.loads(text)["before"]["reference"] + json.loads(text)["before"]["notes"][-1] if form == "json" else text


def in_words(text: str) -> str:
    """The text without what differs by format and width: white space and code spans."""
    return "".join(text.replace("`", "").split())


def test_a_claimed_base_that_is_another_is_no_base(answer: Answer, tmp_path: Path) -> None:
    """The error says what the builder claims, and that its layers are not the image's."""
    other = write_built(tmp_path, "other", ("ADD x /", [file("x", b"x")]))
    labels = {"org.opencontainers.image.base.name": f"oci-dir:{other}"}
    image = write_built(tmp_path, "app", *BASE_STEPS, Labels=labels)
    code, _, told = answer("diff", "--base", image)
    assert code == 2
    assert "0 of its 1 are the image's lowest ones" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("a",), "expected B as well, or --base"),
        (("a", "b", "--base"), "expected IMAGE alone, found A and B"),
        (("container:",), "expected a container's name or ID"),
    ],
)
def test_what_does_not_come_to_two_images_is_refused(answer: Answer, arguments: tuple[str, ...], told: str) -> None:
    """With what would."""
    code, _, text = answer("diff", *arguments)
    assert (code, told in text) == (2, True)


@pytest.mark.parametrize("command", ["fix", "probe"])
def test_a_container_is_not_built_or_started(answer: Answer, command: str) -> None:
    """The error says what can be done with it."""
    code, _, told = answer(command, "container:web")
    assert (code, "expected an image, found a container" in told) == (2, True)


def test_a_base_in_the_settings_is_no_flag(answer: Answer, tmp_path: Path) -> None:
    """Other commands take an image there; this one compares A and B all the same."""
    (tmp_path / "layerscope.toml").write_text('base = "team/base:1"\n')
    image = write_version(tmp_path, "one")
    assert answer("diff", image, image)[0] == 0


def test_history_is_told_with_layers_authors_and_comments(
    answer: Answer, document: Callable[..., Any], tmp_path: Path
) -> None:
    """Steps without a layer, and what one instruction says otherwise of itself; credentials are hidden."""
    token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    layer = [file("a", b"a")]
    copied = {"created_by": "COPY a /", "author": "ann", "comment": "first"}
    histories: list[list[dict[str, Any]]] = [
        [copied, {"created_by": "ENV A=1", "empty_layer": True}],
        [{**copied, "author": "bob", "comment": f"second {token}"}],
    ]
    images = []
    for number, history in enumerate(histories):
        images.append(tmp_path / str(number))
        write_image(build_image([layer], tag="a/b:1", history=history), images[-1], "oci-dir")
    found = document("diff", *images, "--only", "history")["history"]
    assert [(each["change"], each["aspects"]) for each in found] == [
        ("changed", ["author", "comment"]),
        ("removed", ["instruction"]),
    ]
    assert (found[0]["before_steps"][0]["author"], found[0]["after_steps"][0]["layer"]) == ("ann", 0)
    assert found[1]["before_steps"][0]["empty"]
    for name in ("terminal", "markdown", "html", "json"):
        text = " ".join(answer("diff", *images, "--only", "history", "-o", name)[1].decode().split())
        assert token not in text
        if name != "json":
            assert all(each in text for each in ("author ann to bob", "ENV A=1", "no layer", "layer 0"))


def test_linking_is_told_file_by_file(answer: Answer, document: Callable[..., Any], tmp_path: Path) -> None:
    """In every format, and as a risk on the first screen."""
    versions = tuple(NeededVersion("libc.so.6", version) for version in ("GLIBC_2.34", "GLIBC_2.38"))
    plans = (
        {"a": ElfPlan(soname="liba.so.1", needed=("libc.so.6",), required_versions=versions[:1])},
        {"a": ElfPlan(soname="liba.so.2", needed=("libc.so.6", "libz.so.1"), required_versions=versions, runpath="/x")},
    )
    images = []
    for number, plan in enumerate(plans):
        images.append(tmp_path / str(number))
        write_image(build_image([write_files({"usr/lib/liba.so": plan["a"]})], tag="a/b:1"), images[-1], "oci-dir")
    found = document("diff", *images)
    (change,) = found["linking"]
    assert (change["path"], change["needed_added"], change["needed_removed"]) == ("/usr/lib/liba.so", ["libz.so.1"], [])
    assert [(each["name"], each["before"], each["after"]) for each in change["needs"]] == [("GLIBC", "2.34", "2.38")]
    assert [each["name"] for each in change["values"]] == ["SONAME", "RUNPATH"]
    assert {"soname-changed", "linking-changed"} <= {each["kind"] for each in found["risks"]}
    for name in ("terminal", "markdown", "html"):
        text = " ".join(answer("diff", *images, "-o", name)[1].decode().split())
        for told in ("liba.so.1 to liba.so.2", "+libz.so.1", "GLIBC 2.34 to 2.38", "RUNPATH none to /x"):
            assert told in text, (name, told)


@pytest.mark.parametrize("attack", [text for name, text in ATTACKS.items() if name != "surrogates"])
def test_hostile_steps_and_names_of_libraries_are_harmless(answer: Answer, tmp_path: Path, attack: str) -> None:
    """Authors, comments, instructions, needs and search paths, in every format."""
    hostile = attack.replace("\0", "")
    path = hostile.replace("/", "|").strip(".") or "x"
    images = []
    for number, text in enumerate(("plain", hostile)):
        images.append(tmp_path / str(number))
        plan = ElfPlan(soname=text, needed=(text,), runpath=text, interpreter=f"/{text}")
        history = [{"created_by": f"RUN {text}", "author": text, "comment": text}]
        own = write_files({f"usr/lib/{path[:90]}.so": plan})
        write_image(build_image([own], tag="a/b:1", history=history), images[-1], "oci-dir")
    for name in ("terminal", "markdown", "html", "json"):
        text = answer("diff", *images, "-o", name)[1].decode()
        assert not any(sign in text for sign in REVEALED)
        if name == "html":
            assert check_html(text).tags.count("script") == 2
        if name == "markdown":
            tokens = MarkdownIt("commonmark").enable("table").parse(text)
            kinds = {child.type for token in tokens for child in token.children or ()}
            assert not kinds & {"link_open", "image", "html_inline"}
            assert all("script" not in token.content for token in tokens if token.type == "html_block")


def test_markdown_is_for_a_merge_request(answer: Answer, tmp_path: Path) -> None:
    """Risks as a list, packages and sizes open, everything else folded."""
    before, after = write_version(tmp_path, "1.4"), write_version(tmp_path, "1.5", numpy="2.1.0")
    text = answer("diff", before, after, "-o", "markdown")[1].decode()
    assert "- **risky** numpy goes from 1.26.4 to 2.1.0" in text
    assert text.count("<details>") + text.count("<details open>") == text.count("</details>")
    assert min(text.count("<details>"), text.count("<details open>")) > 1


def test_a_page_is_for_a_browser(answer: Answer, tmp_path: Path) -> None:
    """What to know first, and every part in a table; the same images give the same bytes."""
    before = write_version(tmp_path, "1.4")
    hostile = "srv/" + ATTACKS["html"].replace("/", "|")
    after = write_version(tmp_path, "1.5", numpy="2.1.0", extra=[file(hostile, b"x" * 50)], User="<b>root")
    code, out, _ = answer("diff", before, after, "-p", "-o", "html")
    page = check_html(out.decode())
    text = " ".join(page.texts)
    assert code == 1
    for told in (
        "numpy goes from 1.26.4 to 2.1.0",
        "To know first",
        "<b>root",
        "<script>alert(1)<|script>",
        "Files (",
        "Contents (",
    ):
        assert told in text
    assert page.tags.count("script") == 2
    assert answer("diff", before, after, "-p", "-o", "html")[1] == out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--keep", "logs"), "expected --semantic beside it"),
        (("--semantic", "--keep", "logs", "--ignore", "logs"), "both name logs"),
        (("--ignore", "weather"), "weather"),
        (("-o", "sarif"), "expected one of terminal, json, markdown, html"),
    ],
)
def test_wrong_use_is_one_line(answer: Answer, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    """Exit code 2, and what was expected."""
    image = write_version(tmp_path, "one")
    code, out, error = answer("diff", image, image, *options)
    assert (code, out) == (2, b"")
    assert message in error


def test_a_settings_file_may_ask_for_markdown(answer: Answer, tmp_path: Path) -> None:
    """Beside a format that the audit alone has, which is none of the comparison's."""
    (tmp_path / "layerscope.toml").write_text('output = ["markdown=a.md", "sarif=a.sarif", "json"]\n')
    before, after = (write_version(tmp_path, number, extra=[file("etc/x", number.encode())]) for number in "12")
    answer("diff", before, after)
    assert [(tmp_path / name).exists() for name in ("a.md", "a.sarif")] == [True, False]


def test_the_formats_of_the_command_are_those_that_can_be_made() -> None:
    """They are written twice: the command's are named before what makes them is imported."""
    assert tuple(RENDERERS) == DIFF_FORMATS


def test_a_patch_looks_into_files(answer: Answer, tmp_path: Path) -> None:
    """Lines of text, keys of documents; what holds a credential is named and not shown."""
    pieces = {"etc/app.conf": (b"a=1\n", b"a=2\n"), "etc/app.json": (b'{"a":1}', b'{"a":2}')}
    secret = (b"machine x login y password Zt7pWq4hYd2k\n", b"machine x login y password Qs8vKm1nRb6t\n")
    before, after = (
        write_version(
            tmp_path,
            str(number),
            extra=[*(file(path, both[number]) for path, both in pieces.items()), file("root/.netrc", secret[number])],
        )
        for number in (0, 1)
    )
    text = answer("diff", before, after, "--patch")[1].decode()
    assert all(told in text for told in ("-a=1", "+a=2", "-a = 1", "+a = 2", "holds credentials"))
    assert "Zt7p" not in text
    files = json.loads(answer("diff", before, after, "--patch", "-o", "json")[1])["files"]
    assert {each["path"]: each["content"]["kind"] for each in files} == {
        "/etc/app.conf": "text",
        "/etc/app.json": "JSON",
        "/root/.netrc": "credentials",
    }


def test_a_wheel_that_was_only_packed_again_is_noise(answer: Answer, tmp_path: Path) -> None:
    """Looked into, it has the same members; by itself it is another file."""
    before, after = (
        write_version(tmp_path, str(year), extra=[file("opt/a.whl", zipped({"x": b"1"}, year=year))])
        for year in (2020, 2021)
    )
    assert [answer("diff", before, after, "--semantic", *more)[0] for more in ((), ("--patch",))] == [1, 0]


def test_a_damaged_image_is_told_as_one(answer: Answer, fixture_image: Callable[[str, str], Path]) -> None:
    """Exit code 4, why, and no word of a sound comparison."""
    image = fixture_image("damaged", "oci-dir")
    code, out, _ = answer("diff", image, image)
    text = " ".join(out.decode().split())
    assert code == 4
    assert "as far as they could be read" in text
    assert "✘" in text
    assert "✔" not in text


def test_credentials_are_nowhere(answer: Answer, tmp_path: Path) -> None:
    """Neither in risks nor in the config, in no format."""
    before = write_version(tmp_path, "1.4")
    after = write_version(
        tmp_path, "1.5", Cmd=["/serve", "--api-key=Zt7pWq4hYd2kLmN8"], Labels={"db.password": "Zt7pWq4hYd2kLmN8"}
    )
    for name in ("terminal", "markdown", "json"):
        assert b"Zt7p" not in answer("diff", before, after, "-o", name, "--limit", "0")[1]


def test_another_python_hides_no_package(answer: Answer, tmp_path: Path) -> None:
    """What lies in another folder for it is one change where its version is another, and none where it is the same."""
    images = []
    for series, numpy in (("3.11", "1.26.4"), ("3.12", "2.1.0")):
        site = f"usr/lib/python{series}/site-packages"
        members = [file(f"usr/bin/python{series}", b"\x7fELF", mode=0o755), file(f"usr/lib/python{series}/os.py")]
        for name, version in (("numpy", numpy), ("idna", "3.7")):
            metadata = METADATA.replace("numpy", name).format(version).encode()
            members.append(file(f"{site}/{name}-{version}.dist-info/METADATA", metadata))
        path = tmp_path / series
        write_image(build_image([members], tag="team/llm:1"), path, "oci-dir")
        images.append(path)
    packages = json.loads(answer("diff", *images, "-o", "json")[1])["packages"]
    assert [(each["change"], each["name"], each["before"], each["after"]) for each in packages] == [
        ("changed", "numpy", ["1.26.4"], ["2.1.0"])
    ]


def test_an_account_of_another_day_is_noise(answer: Answer, tmp_path: Path) -> None:
    """An account without a password is not."""
    rows = (b"app:!:20400:0:99999:7:::\n", b"app:!:20500:0:99999:7:::\n", b"app::20500:0:99999:7:::\n")
    first, same, other = (
        write_version(tmp_path, str(number), extra=[file("etc/shadow", row)]) for number, row in enumerate(rows)
    )
    assert [answer("diff", first, image, "--semantic")[0] for image in (same, other)] == [0, 1]


@pytest.mark.parametrize(
    "spelled", ["-", "docker-archive:-", "oci-archive:-:app:1", "archive://-", "oci-archive://-", "/dev/stdin"]
)
def test_two_streams_are_one_too_many(spelled: str, answer: Answer) -> None:
    """Standard input is read once, whichever way it is spelled."""
    for pair in (("-", spelled), (spelled, "docker-archive:-")):
        code, _, error = answer("diff", *pair)
        assert (code, f"two images on standard input ({' and '.join(pair)})" in error) == (2, True)


def test_a_driver_that_is_asked_about_is_told_once(answer: Answer, fixture_image: Callable[[str, str], Path]) -> None:
    """A risk that a finding says again is one line; the oldest driver is told although this one does not suffice."""
    images = (fixture_image(name, "oci-dir") for name in ("release-old", "release-new"))
    _, out, _ = answer("diff", *images, "--gpu", "H100", "--driver", "535.183.01", "--no-color")
    told = out.decode().partition("To know first")[2]
    risks = told.partition("Size")[0]
    assert " ".join(risks.split()).count("is older than 580.65.06") == 1
    assert [line.split() for line in told.splitlines() if " oldest driver " in line] == [
        ["~", "oldest", "driver", "525.60.13", "580.65.06"]
    ]


def test_a_finding_that_became_lesser_is_told_as_that(answer: Answer, tmp_path: Path) -> None:
    """With what it was before, in every format; it was kept, and it differs. The other way round, it is graver."""
    code = f"{SITE}/numpy/__pycache__/core.cpython-311.pyc"
    before = write_version(tmp_path, "1.4", extra=[file(code, b"\0" * 3_000_000)])
    after = write_version(tmp_path, "1.5", extra=[file(code, b"\0" * 1_200_000), file("opt/data", b"\0" * 40_000_000)])
    told = " ".join(answer("diff", before, after, "--only", "findings")[1].decode().split())
    assert "~ 1 finding differs" in told
    assert "kept, 1 of these lesser" in told
    assert "~ LAY106 lesser, low before, info now: Byte-code takes 1.2 MB" in told
    assert (
        "**lesser** LAY106 (lesser, low before, info now)"
        in answer("diff", before, after, "-o", "markdown")[1].decode()
    )
    assert "lesser: low before, info now" in answer("diff", before, after, "-o", "html")[1].decode()
    document = json.loads(answer("diff", before, after, "--only", "findings", "-o", "json")[1])
    jsonschema.validate(document, json.loads(DIFF_SCHEMA_FILE.read_text()))
    (lesser,) = document["findings"]["lesser"]
    assert (lesser["finding"]["code"], lesser["before"], document["findings"]["new"]) == ("LAY106", "low", [])
    assert b"graver, info before, low now" in answer("diff", after, before, "--only", "findings")[1]


def test_a_smaller_image_makes_no_finding_graver(answer: Answer, tmp_path: Path) -> None:
    """The same bytes are a greater part of it, which is no news."""
    code = file(f"{SITE}/numpy/__pycache__/core.cpython-311.pyc", b"\0" * 1_200_000)
    before = write_version(tmp_path, "1.4", extra=[code, file("opt/data", b"\0" * 40_000_000)])
    after = write_version(tmp_path, "1.5", extra=[code])
    assert answer("diff", before, after, "--only", "findings")[0] == 0


@pytest.mark.parametrize("option", ["--semantic", "--patch"])
def test_paths_are_compared_once(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """Although files are looked into for what is left out, and for what is told of them."""
    compared: list[int] = []

    def compare(before: MergedTree, after: MergedTree, *, shared: int) -> Iterator[FileChange]:
        compared.append(shared)
        return iter_file_changes(before, after, shared=shared)

    monkeypatch.setattr(image_diff, "iter_file_changes", compare)
    before = write_version(tmp_path, "1.4", extra=[file("etc/shadow", b"app:!:20000::::::\n"), file("etc/a", b"a")])
    after = write_version(tmp_path, "1.5", extra=[file("etc/shadow", b"app:!:20001::::::\n"), file("etc/a", b"b")])
    files = json.loads(answer("diff", before, after, option, "--only", "files", "-o", "json")[1])["files"]
    assert [each["path"] for each in files] == ["/etc/a"] + ["/etc/shadow"] * (option == "--patch")
    assert len(compared) == 1
