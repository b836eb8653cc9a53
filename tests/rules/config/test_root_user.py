"""CONF001 root-user: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

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


def test_ignores_a_user_of_its_own() -> None:
    """Any other number will do, and so will a name that is not known (which is another rule's)."""
    ignores(RootUser, IDENTITY)
    ignores(RootUser, replace(IDENTITY, specification="ghost", uid=None))
