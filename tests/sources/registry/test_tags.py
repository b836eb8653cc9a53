"""A tag that is not there: what there is instead is told, as far as the registry says it."""

import json
from collections.abc import Callable

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import ImageNotFoundError
from layerscope.sources.registry.tags import SHOWN
from support.registry_server import Registry, RegistryHandler, always

Audit = Callable[..., AuditResult]


def tell(audit: Audit, registry: Registry, tag: str) -> str:
    """What is said of a tag that is not there."""
    with pytest.raises(ImageNotFoundError) as caught:
        audit(registry, f"team/demo:{tag}")
    return str(caught.value)


def add_tags(registry: Registry, *tags: str) -> None:
    """Give the image more tags."""
    registry.manifests.update(dict.fromkeys(tags, registry.manifests["1"]))


def test_the_tags_that_there_are_are_told(demo: Registry, audit: Audit) -> None:
    """Those most like the wanted one first, and not too many."""
    add_tags(demo, "nightly", "1.4.0", "1.4.1", *(f"build-{number}" for number in range(20)))
    words = tell(audit, demo, "1.4.2")
    assert "there is none" in words
    names = words.partition("; its tags are ")[2].removesuffix(" and 16 more").split(", ")
    assert sorted(names[:2]) == ["1.4.0", "1.4.1"]
    assert len(names) == SHOWN


def test_a_digest_that_is_not_there_is_no_question_of_tags(demo: Registry, audit: Audit) -> None:
    """Nobody misspells one."""
    with pytest.raises(ImageNotFoundError) as caught:
        audit(demo, f"team/demo@sha256:{'0' * 64}")
    assert "its tags" not in str(caught.value)
    assert demo.count("/tags/") == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"no JSON",
        b"[]",
        b'{"tags": null}',
        b'{"tags": "1"}',
        json.dumps({"tags": ["a b", "\x1b[31mred", "x" * 999]}).encode(),
    ],
)
def test_a_list_that_is_none_is_not_told(answer: bytes, demo: Registry, audit: Audit) -> None:
    """Nor are names that are no tags."""

    def lie(handler: RegistryHandler, path: str) -> bool:
        if path.endswith("/tags/list"):
            handler.reply(200, answer)
        return path.endswith("/tags/list")

    demo.fault = lie
    assert "its tags" not in tell(audit, demo, "2")


@pytest.mark.parametrize("status", [401, 403, 404, 405, 429, 500])
def test_a_registry_that_lists_no_tags_is_not_asked_twice(status: int, demo: Registry, audit: Audit) -> None:
    """The answer stays that the tag is not there."""
    demo.fault = always("/tags/list", status)
    assert "there is none" in tell(audit, demo, "2")
    assert demo.count("/tags/") <= 3


def test_pages_are_followed_and_not_in_a_circle(demo: Registry, audit: Audit) -> None:
    """What the pages before it named is told."""
    pages = {"n=1000": (["1.0"], "/v2/team/demo/tags/list?n=1000&last=1.0"), "n=1000&last=1.0": (["1.1"], "?n=1000")}

    def page(handler: RegistryHandler, path: str) -> bool:
        if not path.endswith("/tags/list"):
            return False
        tags, following = pages[handler.path.partition("?")[2]]
        handler.reply(200, json.dumps({"tags": tags}).encode(), Link=f'<{following}>; rel="next"')
        return True

    demo.fault = page
    words = tell(audit, demo, "1.2")
    assert "its tags are 1.1, 1.0" in words or "its tags are 1.0, 1.1" in words
    assert demo.count("/tags/") == 2
