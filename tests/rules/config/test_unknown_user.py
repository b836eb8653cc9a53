"""CONF008 unknown-user: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.config.unknown_user import UnknownUser
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, IDENTITY

GHOST = replace(IDENTITY, specification="ghost", uid=None, user_name=None, home=None)


def test_flags_a_name_that_is_not_in_passwd() -> None:
    """Engines refuse to start such a container."""
    (finding,) = flags(UnknownUser, GHOST)
    assert finding.message == (
        "The config's user 'ghost' cannot be resolved (/etc/passwd has no such user), so no container can start"
    )
    assert finding.severity is Severity.HIGH


def test_flags_a_name_where_there_is_no_passwd() -> None:
    """Images from scratch have none."""
    (finding,) = flags(UnknownUser, replace(GHOST, has_passwd=False))
    assert "(the image has no /etc/passwd)" in finding.message


def test_flags_a_number_without_a_name_as_less() -> None:
    """It starts, and fails where a program asks for its name."""
    (finding,) = flags(UnknownUser, replace(IDENTITY, specification="1000", user_name=None))
    assert finding.severity is Severity.LOW
    assert finding.fixes[0].steps == (
        "RUN useradd --uid 1000 --create-home app   above USER (Alpine: adduser -D -u 1000 app)",
        "ENV HOME=/home/app, and let caches point there",
    )


def test_creates_a_named_user_by_that_name() -> None:
    """In the command as in the home."""
    (finding,) = flags(UnknownUser, GHOST)
    assert finding.fixes[0].steps == (
        "RUN useradd --uid 10001 --create-home ghost   above USER (Alpine: adduser -D -u 10001 ghost)",
        "ENV HOME=/home/ghost, and let caches point there",
    )


def test_flags_a_group_that_is_not_in_group() -> None:
    """A group by name must be there too."""
    identity = replace(IDENTITY, specification="app:ghosts", group_specification="ghosts", gid=None)
    (finding,) = flags(UnknownUser, identity)
    assert finding.message.startswith("The config's group 'ghosts' cannot be resolved (/etc/group has no such group)")


def test_ignores_a_user_with_an_entry() -> None:
    """Root needs none."""
    ignores(UnknownUser, IDENTITY)
    ignores(UnknownUser, replace(IDENTITY, specification="0", uid=0, user_name=None))


def test_ignores_an_unknown_one_where_a_layer_could_not_be_read() -> None:
    """The accounts may lie in that layer."""
    ignores(UnknownUser, DAMAGED, GHOST)
