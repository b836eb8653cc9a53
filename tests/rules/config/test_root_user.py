"""CONF001 root-user: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.facts.config.run_user import RunUser
from layerscope.rules.build_edit import AddLines
from layerscope.rules.config.root_user import RootUser
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import IDENTITY


def test_flags_an_image_without_a_user() -> None:
    """Nothing said means root."""
    (finding,) = flags(RootUser, replace(IDENTITY, specification="", uid=0, user_name="root"))
    assert finding.message == "The config names no user, so the process runs as root (uid 0)"
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize("user", ["root", "0", "0:0", "toor"])
def test_flags_root_by_any_name(user: str) -> None:
    """What counts is the number that the name has in the image."""
    (finding,) = flags(RootUser, replace(IDENTITY, specification=user, uid=0))
    assert repr(user) in finding.message


@pytest.mark.parametrize(
    ("user", "steps"),
    [
        (
            RunUser("serve", 1000, 1001, is_there=True),
            ["USER 1000:1001   before ENTRYPOINT; the number of serve lets Kubernetes check runAsNonRoot"],
        ),
        (
            RunUser("app", 10001, 10001, command="adduser -D -u 10001 app"),
            [
                "RUN adduser -D -u 10001 app",
                "USER 10001:10001   before ENTRYPOINT; a number lets Kubernetes check runAsNonRoot",
            ],
        ),
    ],
)
def test_names_a_user_that_there_is_or_can_be(user: RunUser, steps: list[str]) -> None:
    """Its lines are those that a Dockerfile gets."""
    (finding,) = flags(RootUser, replace(IDENTITY, specification="", uid=0, run_user=user))
    (fix,) = finding.fixes
    assert list(fix.steps[:-1]) == steps
    assert fix.build_edits == (AddLines(tuple(step.partition("   ")[0] for step in steps), "USER"),)


def test_an_image_without_tools_for_accounts_gets_a_line_to_copy() -> None:
    """A number without an account would be another finding."""
    (finding,) = flags(RootUser, replace(IDENTITY, specification="", uid=0))
    assert finding.fixes[0].steps[0] == (
        "COPY passwd /etc/passwd   (with a line app:x:10001:10001::/nonexistent:/sbin/nologin)"
    )
    assert finding.fixes[0].build_edits == ()


def test_ignores_a_user_of_its_own() -> None:
    """Any other number will do, and so will a name that is not known (which is another rule's)."""
    ignores(RootUser, IDENTITY)
    ignores(RootUser, replace(IDENTITY, specification="ghost", uid=None))
