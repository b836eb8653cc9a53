"""Credentials are hidden whole in whatever form configuration writes them."""

import pytest

from layerscope.formats.secret_blocks import names_credential, redact_block, redact_lines

VALUE = "Zt7pWq4hYd2k"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAabcdefgh\n{VALUE}MII\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "text",
    [
        f"password: >\n  {VALUE}\n  more\n",
        f"password: |-\n\n  {VALUE}\n",
        f"password: one\n  {VALUE}\n",
        f"password: one {VALUE}\n",
        f"passwords:\n- {VALUE}\n",
        f"passwords: [a, {VALUE}]\n",
        f"- password:\n    - {VALUE}\n",
        f"db: {{password: {{value: {VALUE}}}}}\n",
        f'{{"db":{{"password":{{"value":"{VALUE}"}}}}}}',
        f'"auths": {{\n  "ghcr.io": {{\n    "auth": "{VALUE}"\n  }}\n}}\n',
        f"//registry/:_auth={VALUE}\n",
        f'password: "one\n  {VALUE}"\n',
        f'export PASSWORD="one\n{VALUE}"\n',
        f"PASSWORD=one\\\n{VALUE}\n",
        f"password = '''one\n{VALUE}'''\n",
        f"password =\n   {VALUE}\n",
        f"password=one {VALUE}\n",
        f"db.password.value={VALUE}\n",
        f"<password>{VALUE}</password>\n",
        f"- name: DB_PASSWORD\n  value: {VALUE}\n",
        f"args:\n  - --password\n  - {VALUE}\n",
        KEY,
        f"{'x' * 70_000}\npassword: {VALUE}\n",
    ],
)
def test_a_credential_is_hidden_in_every_form(text: str) -> None:
    """Wherever its value begins and ends; the lines stay as many as they were."""
    shown = redact_lines(text)
    assert VALUE not in "".join(shown)
    assert len(shown) == len(text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "user: me\nhost: here\n",
        "added_tokens:\n  - a\nmax_tokens: 5\n",
        "password:\nuser: me\n",
        "token: true\n",
        "if token:\n    go()\n",
        "name: DB_HOST\nvalue: here\n",
        "author: me\n",
    ],
)
def test_everything_else_is_shown(text: str) -> None:
    """Whatever stands beside it."""
    assert redact_block(text) == text


def test_what_follows_a_hidden_block_is_shown() -> None:
    """It ends with the lines that are indented further."""
    assert redact_block("a:\n  password:\n    b: 1\n  user: me\n") == "a:\n  password:\n***\n  user: me\n"


def test_a_dotted_name_is_one_of_its_parts() -> None:
    """Any of them names what lies below."""
    assert names_credential("db.password.value")
    assert not names_credential("db.host.value")
