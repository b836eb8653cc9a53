"""Bills of materials are valid, complete, and the same whenever they are made."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import UsageError
from layerscope.report.context import RenderContext
from layerscope.report.registry import FORMATS
from layerscope.report.sbom.found_packages import find_packages
from support.example_packages import list_packages, make_distribution
from support.example_results import CLEAN, WASTEFUL
from support.report_checks import check_cyclonedx, check_spdx
from support.results import ResultRecipe, make_result

PACKAGED = replace(WASTEFUL, facts=list_packages())
PURLS = {
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12",
    "pkg:deb/debian/curl@1:7.88.1-10?arch=amd64&distro=debian-12",
    "pkg:pypi/jinja-2-ext@3.1.4",
    "pkg:npm/%40scope/core@1.2.3",
    "pkg:npm/left-pad@1.3.0",
    "pkg:maven/org.example/core@1.0",
    "pkg:conda/numpy@1.26.4?build=py311h0&channel=conda-forge&subdir=linux-64",
}


def undate(result: AuditResult, created: datetime | None = None) -> AuditResult:
    """The image with another time, or none."""
    config = msgspec.structs.replace(result.image.config, created=created)
    return replace(result, image=replace(result.image, config=config))


def bill(name: str, recipe: ResultRecipe) -> dict[str, Any]:
    """A bill of a result, checked by its library."""
    check = {"cyclonedx": check_cyclonedx, "spdx": check_spdx}[name]
    return check(FORMATS[name]().render(make_result(recipe), RenderContext()))


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
@pytest.mark.parametrize("recipe", [PACKAGED, CLEAN, ResultRecipe()])
def test_bills_are_valid(name: str, recipe: ResultRecipe) -> None:
    """With packages and without."""
    bill(name, recipe)


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_a_bill_looks_like_this(name: str, snapshot: Callable[[str, str], None]) -> None:
    """A whole bill, as it is read in a diff."""
    snapshot(f"packages.{name}.json", FORMATS[name]().render(make_result(PACKAGED), RenderContext()))


def test_every_package_is_told_with_its_place() -> None:
    """One of each kind; the same version in two environments is two components, and has two references."""
    components = bill("cyclonedx", PACKAGED)["components"]
    assert {component["purl"] for component in components if "purl" in component} == PURLS
    twins = [component for component in components if component["name"] == "Jinja_2.Ext"]
    assert len(twins) == 2
    properties = {each["name"]: each["value"] for each in twins[0]["properties"]}
    assert properties["layerscope:layer"] == "1"
    assert properties["layerscope:path"].endswith("Jinja_2.Ext-3.1.4.dist-info")
    assert properties["layerscope:layer-diff-id"].startswith("sha256:")


def test_no_component_claims_to_depend_on_nothing() -> None:
    """An empty entry would say so (CycloneDX 1.6, `dependencies`); what depends on what is not known."""
    assert "dependencies" not in bill("cyclonedx", PACKAGED)


def test_a_scope_and_a_group_are_told_apart_from_the_name() -> None:
    """And an archive without a group has no purl, which would be another one's."""
    found = {
        (package.kind, package.group, package.name): package.purl for package in find_packages(make_result(PACKAGED))
    }
    assert ("npm", "@scope", "core") in found
    assert found["maven", "", "nameless"] == ""
    assert ("maven", "", "") not in found


def test_spdx_describes_the_image_that_contains_the_packages() -> None:
    """And claims no licence."""
    document = bill("spdx", PACKAGED)
    kinds = [each["relationshipType"] for each in document["relationships"]]
    assert kinds.count("DESCRIBES") == 1
    assert kinds.count("CONTAINS") == len(document["packages"]) - 1
    references = {
        each["referenceLocator"] for package in document["packages"] for each in package.get("externalRefs", [])
    }
    assert references == PURLS
    assert {package["licenseConcluded"] for package in document["packages"]} == {"NOASSERTION"}


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_an_image_without_a_time_gets_none_of_today(name: str) -> None:
    """The same image gives the same bytes at any time."""
    result = undate(make_result(PACKAGED))
    first, second = (FORMATS[name]().render(result, RenderContext()) for _ in range(2))
    assert first == second
    if name == "cyclonedx":
        assert "timestamp" not in check_cyclonedx(first)["metadata"]
    else:
        assert check_spdx(first)["creationInfo"]["created"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_odd_times_are_valid(name: str) -> None:
    """Some builders write the first year of all."""
    result = undate(make_result(PACKAGED), datetime(1, 1, 1, tzinfo=UTC))
    check = {"cyclonedx": check_cyclonedx, "spdx": check_spdx}[name]
    check(FORMATS[name]().render(result, RenderContext()))


def test_the_identity_is_that_of_the_image_and_its_packages() -> None:
    """The same for the same, another for others."""
    more = replace(PACKAGED, facts=[*list_packages(), make_distribution("more", "more", "1")])
    serials = [bill("cyclonedx", recipe)["serialNumber"] for recipe in (PACKAGED, PACKAGED, more)]
    assert serials[0] == serials[1] != serials[2]
    names = [bill("spdx", recipe)["documentNamespace"] for recipe in (PACKAGED, more)]
    assert names[0] != names[1]


def test_the_image_is_named_by_its_own_purl() -> None:
    """Where a registry or an engine knows its name."""
    recipe = replace(PACKAGED, reference="docker:acme/generate:2.4.1", source="docker")
    purl = bill("cyclonedx", recipe)["metadata"]["component"]["purl"]
    digest = make_result(recipe).image.manifest_digest
    assert purl == (f"pkg:oci/generate@{digest}?arch=amd64&repository_url=docker.io/acme/generate&tag=2.4.1")


def test_what_could_not_be_read_is_told() -> None:
    """A bill that may lack packages says so."""
    properties = bill("cyclonedx", WASTEFUL)["metadata"]["component"]["properties"]
    assert {
        "name": "layerscope:unread-part",
        "value": "the accounts (/etc/passwd): the file is not there",
    } in properties
    assert "unread-part: the accounts" in bill("spdx", WASTEFUL)["comment"]


@pytest.mark.parametrize(
    ("name", "library", "module"),
    [("cyclonedx", "cyclonedx-python-lib", "cyclonedx.model"), ("spdx", "spdx-tools", "spdx_tools.spdx.model")],
)
def test_a_missing_library_is_named_with_its_extra(
    name: str, library: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any work is done."""
    for loaded in list(sys.modules):
        if loaded.startswith("layerscope.report.sbom."):
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"it needs {library}, .* pip install 'layerscope\[sbom\]'"):
        FORMATS[name]()
