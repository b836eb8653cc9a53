"""Checks of reports by those who read them: schemas, parsers, and the libraries' own validators."""

import json
import re
import tempfile
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import jsonschema
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from markdown_it import MarkdownIt
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

SARIF_SCHEMA: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("sarif_schema.json").read_text())
"""The schema of SARIF 2.1.0 with errata 01, as OASIS publishes it: its `id` is its address.

The notices of OASIS let its documents be copied and furnished to others as they are: https://www.oasis-open.org/policies-guidelines/ipr/
"""

_SARIF: Final = jsonschema.Draft4Validator(SARIF_SCHEMA, format_checker=jsonschema.FormatChecker())
_CYCLONEDX: Final = JsonStrictValidator(SchemaVersion.V1_6)
_FOLDED: Final = re.compile(r"<details>\n<summary>[\w ,:()-]+</summary>\n?|</details>\n?")
_WORDS: Final = re.compile(r"[\w%.,:;()'… &-]*")
_SIGNS: Final = re.compile("[🟥🟧🟨🟦⬜✅❌]|⚠️")


_ELEMENTS: Final = re.compile(
    "html|head|meta|title|link|style|body|script|header|nav|main|footer|section|article|h[123]|p|div|span|ul|ol|li|dl|dt|dd"
    "|table|caption|thead|tbody|tr|th|td|a|code|pre|strong|button|label|input|details|summary|svg|rect"
)
"""Those of a page; an image can add none."""


@dataclass(frozen=True)
class Annotation:
    """A workflow command as GitHub's runner understands it."""

    level: str
    properties: dict[str, str]
    message: str


def check_sarif(text: str) -> dict[str, Any]:
    """The run of a file that is valid, and that GitHub takes: each result has a rule, a place and a fingerprint."""
    document = json.loads(text)
    assert [error.message for error in _SARIF.iter_errors(document)] == []
    (run,) = document["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert len(set(hashes)) == len(hashes)
    for rule in rules:
        assert len(rule["properties"]["tags"]) <= 10
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert 0 < len(result["locations"]) <= 100
        for place in result["locations"]:
            physical = place["physicalLocation"]
            uri = physical["artifactLocation"]["uri"]
            assert re.fullmatch(r"[\w.~%-][\w.~%/-]*", uri, re.ASCII)
            assert ".." not in unquote(uri, errors="replace").split("/")
            assert physical["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
            assert physical["region"]["startLine"] >= 1
    assert isinstance(run, dict)
    return run


def iter_sarif_texts(run: dict[str, Any]) -> Iterator[str]:
    """Every text of a run that a viewer looks for links in."""
    yield run["automationDetails"]["description"]["text"]
    for note in run["invocations"][0]["toolExecutionNotifications"]:
        yield note["message"]["text"]
    for result in run["results"]:
        yield result["message"]["text"]


def check_junit(text: str) -> ET.Element:
    """The suites of a file, whose counts are those of its cases, and whose names are all different."""
    root = ET.fromstring(text)  # noqa: S314 - our own report
    assert root.tag == "testsuites"
    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests", "")) == len(cases) > 0
        for name, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(name, "")) == sum(case.find(outcome) is not None for case in cases)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names)
    allowed = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}
    assert {element.tag for element in root.iter()} <= allowed
    return root


def read_commands(text: str) -> list[Annotation]:
    """What GitHub's runner makes of a step's output, line by line, and nothing that is no annotation.

    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    return [_read_command(line) for line in re.split(r"\r\n|\r|\n", text.removesuffix("\n"))]


def _read_command(line: str) -> Annotation:
    assert line.startswith("::"), line
    head, mark, data = line[2:].partition("::")
    assert mark
    level, _, rest = head.partition(" ")
    assert level in {"error", "warning", "notice"}
    properties = {}
    for pair in filter(None, rest.split(",")):
        name, _, value = pair.partition("=")
        assert name in {"file", "line", "endLine", "title"}
        properties[name] = _unescape(value.replace("%3A", ":").replace("%2C", ","))
    return Annotation(level, properties, _unescape(data))


def _unescape(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def check_html(text: str) -> "PageReader":
    """A page whose policy allows its own script and style alone, and in which nothing else could run or be fetched."""
    page = PageReader()
    page.feed(text)
    page.close()
    assert not page.open, page.open
    script, style = page.contents["script"], page.contents["style"]
    assert [kind for kind, _ in script] in (["application/json", None], [None])
    hashes = [f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for _, each in (script[-1], *style)]
    assert page.policy == (
        f"default-src 'none'; script-src {hashes[0]}; style-src {hashes[1]}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    assert page.addresses <= {"data:,"}
    page.data = json.loads(script[0][1]) if len(script) > 1 else {}
    return page


class PageReader(HTMLParser):
    """What an HTML parser finds in a page: its elements, what scripts and styles hold, and every address."""

    def __init__(self) -> None:
        """Start with an empty page."""
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.contents: dict[str, list[tuple[str | None, str]]] = {"script": [], "style": []}
        self.addresses: set[str] = set()
        """Those that leave the page."""
        self.policy = ""
        self.data: dict[str, Any] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; it has no attribute that could run something or that the policy forbids."""
        named = dict(attrs)
        assert _ELEMENTS.fullmatch(tag), tag
        assert not [name for name in named if name.startswith("on") or name in {"style", "src", "srcset", "action"}]
        href = named.get("href") or "#"
        self.addresses |= set() if href.startswith("#") else {href}
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""
        if tag in self.contents:
            self.contents[tag].append((named.get("type"), ""))
        self.tags.append(tag)
        if tag not in {"meta", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Every element that was opened is closed, in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is read, and apart from it what is run."""
        if self.open and self.open[-1] in self.contents:
            kind, before = self.contents[self.open[-1]][-1]
            self.contents[self.open[-1]][-1] = (kind, before + data)
        else:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        """There is none of ours."""
        raise AssertionError(data)


def check_gitlab(text: str) -> list[dict[str, Any]]:
    """The issues of a file as GitLab wants them: https://docs.gitlab.com/ci/testing/code_quality/."""
    issues = json.loads(text)
    assert isinstance(issues, list)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["description"]
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith("/")
        assert ".." not in issue["location"]["path"].split("/")
        assert issue["location"]["lines"]["begin"] >= 1
    return issues


def check_markdown(text: str) -> list[str]:
    """The texts in code of a document that has no link, no image, and no HTML but folded parts."""
    assert len(text.encode()) < 1 << 20
    codes: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "html_block":
            assert _FOLDED.fullmatch(token.content), token.content
        if token.type == "fence":
            codes.append(token.content)
        for child in token.children or ():
            kinds = {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
            assert child.type in kinds, (child.type, child.content)
            if child.type == "text":
                assert _WORDS.fullmatch(_SIGNS.sub("", child.content)), child.content
                assert not re.search(r"www\.|://", child.content)
            if child.type == "code_inline":
                codes.append(child.content)
    assert text.count("<details>\n") == text.count("\n</details>")
    return codes


def check_markdown_help(text: str) -> None:
    """A rule's documentation has headings, lists and code, and neither HTML nor emphasis by mistake."""
    for token in MarkdownIt("commonmark").parse(text):
        assert token.type != "html_block", token.content
        for child in token.children or ():
            assert child.type in {"text", "code_inline", "softbreak", "hardbreak"}, (child.type, child.content)


def check_cyclonedx(text: str) -> dict[str, Any]:
    """The document, valid for the library, its references all different and its purls in their canonical form."""
    assert _CYCLONEDX.validate_str(text) is None
    document: dict[str, Any] = json.loads(text)
    components = document.get("components", [])
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references)
    for component in components:
        if purl := component.get("purl"):
            assert PackageURL.from_string(purl).to_string() == purl
    return document


def check_spdx(text: str) -> dict[str, Any]:
    """The document, read back and validated by the library."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bill.spdx.json")
        path.write_text(text, encoding="utf-8")
        assert validate_full_spdx_document(parse_file(str(path))) == []
    document: dict[str, Any] = json.loads(text)
    return document
