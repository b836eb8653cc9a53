"""Account files are read as libc reads them."""

from layerscope.formats.passwd import Group, User, parse_group, parse_passwd, parse_shadow_hashes


def test_reads_users() -> None:
    """The password field is left out."""
    content = b"root:x:0:0:root:/root:/bin/bash\napp:$6$hash:1000:1000::/home/app:/bin/sh\n"
    assert parse_passwd(content) == (
        User("root", 0, 0, "/root", "/bin/bash"),
        User("app", 1000, 1000, "/home/app", "/bin/sh"),
    )


def test_skips_lines_that_libc_skips() -> None:
    """Comments, NIS lines, missing fields and numbers that are none."""
    assert parse_passwd(b"# x\n+nis::::::\nshort:x:1\nbad:x:one:1::/:/\n:x:1:1::/:/\n\n") == ()


def test_reads_groups_with_their_members() -> None:
    """A group without members has none."""
    assert parse_group(b"wheel:x:10:ada,bob\nempty:x:11:\n") == (
        Group("wheel", 10, ("ada", "bob")),
        Group("empty", 11, ()),
    )


def test_names_accounts_with_a_password_hash() -> None:
    """Locked accounts have none that could be used."""
    content = b"root:$6$salt$hash:19000::::::\ndaemon:*:19000::::::\nlocked:!$6$x:1::::::\nnone::1::::::\n"
    assert parse_shadow_hashes(content) == ("root",)
