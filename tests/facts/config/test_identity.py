"""The config's user is looked up in the image's accounts."""

import pytest

from layerscope.facts.config.identity import Identity, IdentityCollector
from layerscope.facts.config.run_user import RunUser
from layerscope.image.config import RuntimeConfig
from support.contexts import collect_one, make_context
from support.tar_member import TarMember, file, symlink

ACCOUNTS = (
    file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"),
    file("etc/group", b"root:x:0:\napp:x:1001:\nvideo:x:44:app,other\n"),
)


def identity(user: str) -> Identity:
    """Who the process is where the config names that user."""
    return collect_one(IdentityCollector, make_context(ACCOUNTS, runtime=RuntimeConfig(user=user)), Identity)


@pytest.mark.parametrize(
    ("user", "uid", "gid", "name"),
    [
        ("", 0, 0, "root"),
        ("app", 1000, 1001, "app"),
        ("1000", 1000, 1001, "app"),
        ("app:video", 1000, 44, "app"),
        ("1000:7", 1000, 7, "app"),
        ("2000", 2000, 0, None),
        ("2000:video", 2000, 44, None),
    ],
)
def test_resolves_names_and_numbers(user: str, uid: int, gid: int, name: str | None) -> None:
    """A number stands for itself, with or without an entry."""
    found = identity(user)
    assert (found.uid, found.gid, found.user_name) == (uid, gid, name)
    assert found.is_root == (uid == 0)


def test_a_name_that_is_not_there_has_no_number() -> None:
    """Neither has a group."""
    found = identity("ghost:ghosts")
    assert (found.uid, found.gid) == (None, None)
    assert found.has_passwd
    assert not found.is_root


def test_knows_the_groups_that_list_the_user() -> None:
    """Supplementary ones."""
    assert identity("app").groups == frozenset({44})


def test_an_image_without_accounts_has_numbers_only() -> None:
    """Root among them."""
    found = collect_one(IdentityCollector, make_context([], runtime=RuntimeConfig(user="5")), Identity)
    assert (found.uid, found.has_passwd, found.has_group_file) == (5, False, False)


def test_follows_links_to_the_accounts_and_takes_the_upper_ones() -> None:
    """As the container would open them."""
    context = make_context(
        ACCOUNTS,
        [file("usr/etc/passwd", b"app:x:7:7::/:/bin/sh\n"), symlink("etc/passwd", "../usr/etc/passwd")],
        runtime=RuntimeConfig(user="app"),
    )
    assert collect_one(IdentityCollector, context, Identity).uid == 7


def test_a_number_that_no_kernel_has_is_a_name() -> None:
    """Superscript digits and twenty of them."""
    assert identity("²").uid is None
    assert identity("9" * 20).uid is None


PASSWD = b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n"
USERADD = file("usr/sbin/useradd", b"\x7fELF", mode=0o755)
BUSYBOX = (file("bin/busybox", b"\x7fELF", mode=0o755), symlink("usr/sbin/adduser", "/bin/busybox"))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ((file("etc/passwd", PASSWD),), RunUser("app", 10001, 10001)),
        (
            (file("etc/passwd", PASSWD), USERADD, *BUSYBOX),
            RunUser("app", 10001, 10001, command="useradd --uid 10001 --user-group --create-home app"),
        ),
        (
            (file("etc/passwd", PASSWD), file("etc/group", b"app:x:10001:\n"), *BUSYBOX),
            RunUser("app10002", 10002, 10002, command="adduser -D -u 10002 app10002"),
        ),
        (
            (file("etc/passwd", PASSWD + b"serve:x:1000:1001::/home/serve:/bin/bash\n"), USERADD),
            RunUser("serve", 1000, 1001, is_there=True),
        ),
        ((file("usr/sbin/adduser", b"#!/usr/bin/perl\n", mode=0o755),), RunUser("app", 10001, 10001)),
    ],
)
def test_tells_who_a_process_could_be_that_is_root(members: tuple[TarMember, ...], expected: RunUser) -> None:
    """An account that is there, else one that the image's own tools make, with a number that is free."""
    assert collect_one(IdentityCollector, make_context(members), Identity).run_user == expected


def test_a_process_of_its_own_user_needs_no_other() -> None:
    """It has one."""
    assert identity("app").run_user is None
