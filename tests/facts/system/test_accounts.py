"""Accounts are read from the files that the container sees."""

from layerscope.facts.system.account_extractor import AccountFileExtractor
from layerscope.facts.system.accounts import Accounts, AccountsCollector
from support.contexts import collect_one, make_context
from support.tar_member import file, whiteout

PASSWD = b"root:$6$salt$hash:0:0:Ada Lovelace,,,:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\n"


def test_reads_users_and_groups() -> None:
    """In the file's order."""
    context = make_context([file("etc/passwd", PASSWD), file("etc/group", b"app:x:1000:ada\n")])
    accounts = collect_one(AccountsCollector, context, Accounts)
    assert [user.name for user in accounts.users or ()] == ["root", "app"]
    assert accounts.find_user("1000") == accounts.find_user("app")
    assert accounts.groups_of("ada") == frozenset({1000})
    assert accounts.find_group("nobody") is None


def test_the_upper_file_counts() -> None:
    """Lower ones are hidden, removed ones gone."""
    upper = file("etc/passwd", b"other:x:5:5::/:/bin/sh\n")
    accounts = collect_one(AccountsCollector, make_context([file("etc/passwd", PASSWD)], [upper]), Accounts)
    assert [user.name for user in accounts.users or ()] == ["other"]
    assert accounts.evidence.layer == 1
    gone = collect_one(
        AccountsCollector, make_context([file("etc/passwd", PASSWD)], [whiteout("etc/passwd")]), Accounts
    )
    assert gone.users is None


def test_keeps_neither_passwords_nor_comments() -> None:
    """The layer cache is no place for them."""
    kept = AccountFileExtractor().extract("etc/passwd", PASSWD, size=len(PASSWD), mode=0o644)
    assert AccountFileExtractor().extract("usr/bin/passwd", b"\x7fELF", size=4, mode=0o755) is None
    assert kept == b"root:x:0:0::/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh"
