"""Credentials in text: assignments to names that mean secrets, credentials in addresses, and the text without them."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.formats.token_forms import SecretMatch, find_tokens

REDACTED: Final = "***"
"""What stands in the place of a secret."""

TEXT_LIMIT: Final = 65536
"""Characters that are looked at; history entries and configuration files are shorter."""

_SECRET_NAME: Final = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|secret|token|credentials?|api_?key|apikey|access_?key|secret_?key|"
    r"private_?key|auth_?key|account_?key|signing_?key|encryption_?key|client_?secret|pat)"
    r"(?:[_.-]?\d{1,2}|_id_rsa|_base64|_b64)?$",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HARMLESS_NAMES: Final = frozenset(
    {"pwd", "oldpwd", "pad_token", "eos_token", "bos_token", "unk_token", "cls_token", "sep_token", "mask_token"}
)
_KINDS: Final = (
    (re.compile(r"passw|passphrase|pwd", re.IGNORECASE), "password"),
    (re.compile(r"token|pat", re.IGNORECASE), "token"),
    (re.compile(r"key", re.IGNORECASE), "key"),
)

_PLACEHOLDER: Final = re.compile(
    r"""(?xi) ^(?: \W* | -?[\d.]+ | [x*.#-]{3,} | x+
    | true | false | yes | no | on | off | null | none | nil | undefined | unset | todo | tbd
    | password | secret | token | key | test
    | .*\b(?:example|placeholder|changeme|change[-_ ]?me|replace[-_ ]?me|dummy|redacted)\b.*
    | (?:your|my|some|the|insert|enter|put)[-_ ].* | (?:enter|set)[-_ ]?.*here
    | <.*>? | \[.*\] | \{.*\} | %.*% | \$.* | .*\$\{?[a-z_]\w*\}?.*
    | (?:~|\.)?/[\w.@/-]* | (?:file|env|vault|secretsmanager|ssm|arn|op|sops):.*
    | os\.environ.* | getenv.* | env\(.*
    ) $"""
)
"""What stands where a credential will be: nothing, switches, examples, references to variables, paths, other stores."""

_ASSIGNMENT: Final = re.compile(
    r"""(?<![A-Za-z0-9_.-])(?:--?)?([A-Za-z][A-Za-z0-9_.-]{1,60})(?:=|:[ \t]+|[ \t]+=[ \t]*)"""
    r"""("[^"\n]{0,500}"|'[^'\n]{0,500}'|[^\s"';&|]{1,500})"""
)
_OPTION: Final = re.compile(
    r"""(?<![\w-])--([a-z][a-z0-9-]{2,40})[ \t]+("[^"\n]{1,500}"|'[^'\n]{1,500}'|[^\s"';&|-][^\s"';&|]{0,500})"""
)
_ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/:@'\"]{0,100}):([^\s/@'\"]{1,300})@"
)
_TOKEN_ADDRESS: Final = re.compile(r"https?://([A-Za-z0-9_-]{20,300})@(?![^\s/]{0,100}sentry)")
"""Sentry's addresses carry a key that is meant to be public."""
_HEADER: Final = re.compile(
    r"(?i)\bauthorization['\"]?:[ \t]*['\"]?(?:bearer|basic|token)[ \t]+([A-Za-z0-9+/_.=~-]{8,1000})"
)
_USER_OPTION: Final = re.compile(
    r"""\b(?:curl|wget)\b[^\n;&|]{0,300}?[ \t](?:-u|--user)[ \t=]?["']?[^\s:"']{1,100}:([^\s"']{1,200})"""
)


def names_secret(name: str) -> bool:
    """Whether a variable, key or option of that name usually holds a credential."""
    plain = (_CAMEL.sub("_", name) if not name.isupper() else name).replace("-", "_")
    return plain.lower() not in _HARMLESS_NAMES and _SECRET_NAME.search(plain) is not None


def secret_kind(name: str) -> str:
    """What a variable of that name holds, in one word."""
    return next((kind for pattern, kind in _KINDS if pattern.search(name)), "secret")


def is_placeholder(value: str) -> bool:
    """Whether a value is empty, an example, a reference to something else, a path or a switch: no credential."""
    return _PLACEHOLDER.match(value.strip("\"' \t")) is not None


def find_value_secret(name: str, value: str) -> SecretMatch | None:
    """The credential that the variable `name` holds, told by the value's form or else by the name."""
    for match in find_secrets(value[:TEXT_LIMIT]):
        return match
    if names_secret(name) and not is_placeholder(value):
        return SecretMatch(secret_kind(name), 0, len(value))
    return None


def find_secrets(text: str) -> Iterator[SecretMatch]:
    """The credentials in `text`: known forms first, then addresses and headers, then assignments by name."""
    text = text[:TEXT_LIMIT]
    yield from find_tokens(text)
    yield from _find_in_addresses(text)
    yield from _find_in_assignments(text)


def redact_text(text: str) -> str:
    """The text with every credential that `find_secrets` knows replaced by REDACTED."""
    spans = sorted({(match.start, match.end) for match in find_secrets(text)})
    pieces, position = [], 0
    for start, end in spans:
        if end > position:
            pieces += [text[position : max(start, position)], REDACTED]
            position = end
    return "".join([*pieces, text[position:]])


def redact_value(name: str, value: str) -> str:
    """The value of a variable, without what must not be shown."""
    if names_secret(name) and not is_placeholder(value):
        return REDACTED
    return redact_text(value)


def _find_in_addresses(text: str) -> Iterator[SecretMatch]:
    """Passwords and tokens in addresses, HTTP headers and curl's user option."""
    if "://" in text:
        for match in _ADDRESS.finditer(text):
            if not is_placeholder(match[2]):
                yield SecretMatch("password in an address", match.start(2), match.end(2))
        for match in _TOKEN_ADDRESS.finditer(text):
            yield SecretMatch("token in an address", match.start(1), match.end(1))
    for kind, pattern in (("HTTP authorization", _HEADER), ("password", _USER_OPTION)):
        for match in pattern.finditer(text):
            if not is_placeholder(match[1]):
                yield SecretMatch(kind, match.start(1), match.end(1))


def _find_in_assignments(text: str) -> Iterator[SecretMatch]:
    """Values given to names that mean secrets: `NAME=value`, `name: value`, `--name value`."""
    for match in _ASSIGNMENT.finditer(text):
        if names_secret(match[1]) and not is_placeholder(match[2]):
            yield SecretMatch(secret_kind(match[1]), match.start(2), match.end(2))
    for match in _OPTION.finditer(text):
        if names_secret(match[1]) and not is_placeholder(match[2]):
            yield SecretMatch(secret_kind(match[1]), match.start(2), match.end(2))
