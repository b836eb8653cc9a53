"""Credentials in text: assignments to names that mean secrets, credentials in addresses, and the text without them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from layerscope.formats.token_forms import PRIVATE_KEY, SecretMatch, find_tokens

REDACTED: Final = "***"
"""What stands in the place of a secret."""

TEXT_LIMIT: Final = 65536
"""Characters that are searched and shown; history entries and configuration files are shorter."""

OVERLAP: Final = 4096
"""Characters searched beyond those shown: a credential that the limit cuts is longer than no known form."""

UNSEARCHED: Final = "…"
"""What stands in the place of text that was not searched."""

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
    r"""(?xi) ^(?: \W* | -?(?:\d\.?){1,3} | [x*.#-]{3,} | x+
    | true | false | yes | no | on | off | null | none | nil | undefined | unset | todo | tbd
    | password | secret | token | key | test
    | .*\b(?:example|placeholder|changeme|change[-_ ]?me|replace[-_ ]?me|dummy|redacted)\b.*
    | (?:your|my|some|the|insert|enter|put)[-_ ].* | (?:enter|set)[-_ ]?.*here
    | <.*>? | \[.*\] | \{.*\} | %.*%
    | (?:~|\.)?/[\w.@/-]* | (?:file|env|vault|secretsmanager|ssm|arn|op|sops):.*
    | os\.environ.* | getenv.* | env\(.*
    ) $"""
)
"""What stands where a credential will be: nothing, switches, examples, paths, other stores."""

_REFERENCE: Final = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})")
_EXPANSION: Final = re.compile(r"\$(?:[A-Za-z_]\w*|\d(?!\w)|[@*#]|\{[^{}$\n]{1,200}\})")
_COMMAND: Final = re.compile(r"\$[(]|`")
"""What a shell replaces: variables, and the output of commands."""

_SWITCH: Final = re.compile(r"(?:true|false|yes|no|on|off|none|null|nil|undefined|0|1)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?[\d.]+")

_QUOTED: Final = r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'"""
_ASSIGNMENT: Final = re.compile(
    r"""(?<![A-Za-z0-9_.-])(?:--?)?([A-Za-z][A-Za-z0-9_.-]{1,60})"""
    rf"""(?:=|:[ \t]+|[ \t]+=[ \t]*|["'][ \t]*[:=][ \t]*(?=["']))({_QUOTED}|[^\s"';&|]+)"""
)
_OPTION: Final = re.compile(
    r"""(?<![\w-])--([A-Za-z][\w-]{2,40})(?:[ \t]+|["'],?[ \t]*(?=["']))"""
    rf"""({_QUOTED}|[^\s"';&|-][^\s"';&|]*)"""
)
"""An option with its value in the next word, also where both are items of a list."""

_SCRIPT: Final = re.compile(r"-\w*c|CMD-SHELL")
"""The word before a script of the shell, whose words are told apart by its own rules."""

_LISTING: Final = re.compile(r"\s*(?:(?:\S+ ){1,16}?#\(nop\)\s+)?(?:ENV|ARG|LABEL)\s+")
_ARGUMENTS: Final = re.compile(r"\s*(?:RUN )?\|\d{1,4} ")
_SHELL: Final = re.compile(r" (?:/\S+/)?\w*sh -\w*c\b")
_LISTED_NAME: Final = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.-]*)=")
_LONE_NAME: Final = re.compile(r"([A-Za-z_][\w.-]*)[ \t]+(?=\S)")

_ADDRESS: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/:@'\"]*):([^\s/'\"]+)@")
_TOKEN_ADDRESS: Final = re.compile(r"https?://([A-Za-z0-9_-]{20,})@(?![^\s/]{0,100}sentry)")
"""Sentry's addresses carry a key that is meant to be public."""
_HEADER: Final = re.compile(
    r"(?i)\bauthorization['\"]?:[ \t]*['\"]?(?:bearer|basic|token)[ \t]+([A-Za-z0-9+/_.=~-]{8,})"
)
_USER_OPTION: Final = re.compile(r"""(?<=[ \t"'])(?:-u|--user)(?:["'],?)?[ \t=]?["']?[^\s:"']{1,100}:([^\s"']+)""")
_CLIENT: Final = re.compile(r"\b(?:curl|wget)\b[^\n;&|]*[ \t][\"']?$")
_CLIENT_BEFORE: Final = 300
"""Characters between the name of a program that logs in and its option."""
_TAIL: Final = re.compile(r"[\w+/.=~-]*")
"""What may still belong to a credential that is longer than its form allows."""


SHORTEST_VALUE: Final = 6
"""Characters of a value that is hidden wherever it stands: shorter ones are words."""


def names_secret(name: str) -> bool:
    """Whether a variable, key or option of that name usually holds a credential."""
    plain = (_CAMEL.sub("_", name) if not name.isupper() else name).replace("-", "_")
    return plain.lower() not in _HARMLESS_NAMES and _SECRET_NAME.search(plain) is not None


def secret_kind(name: str) -> str:
    """What a variable of that name holds, in one word."""
    return next((kind for pattern, kind in _KINDS if pattern.search(name)), "secret")


def is_placeholder(value: str) -> bool:
    """Whether a value in a text is empty, an example, a reference to something else, a path or a switch."""
    plain = value.strip("\"' \t")
    if _COMMAND.match(plain) or _PLACEHOLDER.match(plain):
        return True
    return not any(character.isalnum() for character in _EXPANSION.sub("", plain))


def is_number(value: str) -> bool:
    """Whether a value is a number: a weak password perhaps, or a setting."""
    return _NUMBER.fullmatch(value.strip("\"' \t")) is not None


def find_value_secret(name: str, value: str) -> SecretMatch | None:
    """The credential that the variable `name` holds, told by the value's form or else by the name.

    The value is final: nothing will expand a `$` in it, unless all of it is a reference that the program reads.
    """
    for match in find_secrets(value):
        return match
    match = SecretMatch(secret_kind(name), 0, len(value))
    if not names_secret(name) or is_setting(match.kind, value):
        return None
    is_harmless = _PLACEHOLDER.match(value.strip("\"' \t")) or may_be_shown(value)
    return None if is_harmless else match


def find_secrets(text: str) -> Iterator[SecretMatch]:
    """The credentials in `text`: known forms first, then values of lists, addresses, headers and assignments."""
    text = text[:TEXT_LIMIT]
    yield from find_tokens(text)
    for match in find_values(text):
        value = text[match.start : match.end]
        if not is_placeholder(value) and not is_setting(match.kind, value):
            yield match


def find_build_arguments(text: str) -> tuple[int, int] | None:
    """Where the values of build arguments stand, that builders put before the command: `|1 TOKEN=abc /bin/sh -c …`."""
    arguments = _ARGUMENTS.match(text)
    if arguments is None:
        return None
    shell = _SHELL.search(text, arguments.end() - 1)
    return arguments.end(), shell.start() if shell else len(text)


def find_redactions(text: str, *, limit: int = TEXT_LIMIT) -> list[tuple[int, int]]:
    """The parts of a text that must not be shown, in order: whatever may be a credential, examples included.

    No more than `limit` characters of it may be shown.
    """
    text = text[: limit + OVERLAP]
    found = list(find_tokens(text, limit=None))
    for match in find_values(text + "'\"" if len(text) > limit else text):
        value = text[match.start : match.end]
        if not may_be_shown(value) and not _COMMAND.match(value.lstrip("\"' \t")):
            found.append(match)
    return join_matches(text, found)


def join_matches(text: str, found: Iterable[SecretMatch]) -> list[tuple[int, int]]:
    """Where the matches stand, each with what still belongs to it, in order and without overlaps."""
    spans: list[tuple[int, int]] = []
    position = 0
    for match in sorted(found, key=lambda each: (each.start, each.end)):
        start, end = match.start, match.end
        if end > position:
            first = spans.pop()[0] if spans and start < position else start
            position = _find_end(text, end, is_key=match.kind == PRIVATE_KEY)
            spans.append((first, position))
    return spans


def redact_text(text: str) -> str:
    """The text with every credential replaced by REDACTED, and what lies beyond TEXT_LIMIT by UNSEARCHED."""
    pieces, position = [], 0
    for start, end in find_redactions(text):
        if start < TEXT_LIMIT:
            pieces += [text[position:start], REDACTED]
            position = end
    pieces.append(text[position:TEXT_LIMIT])
    return "".join(pieces) + (UNSEARCHED if len(text) > TEXT_LIMIT else "")


def hide_values(text: str, values: Iterable[str]) -> str:
    """The text with REDACTED in place of these values, wherever they stand; of few characters they are words."""
    for value in sorted({value for value in values if len(value) >= SHORTEST_VALUE}, key=len, reverse=True):
        text = text.replace(value, REDACTED)
    return text


def redact_value(name: str, value: str) -> str:
    """The value of a variable, without what must not be shown."""
    if names_secret(name) and not may_be_shown(value):
        return REDACTED
    return redact_text(value)


def redact_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command without credentials; an option's value is looked at together with the words before it."""
    spans = find_redactions(" ".join(words))
    shown: list[str] = []
    start, before = 0, ""
    for word in words:
        option, equals, value = word.partition("=")
        name = before.lstrip("-") if before.startswith("-") else ""
        if name and names_secret(name) and not may_be_shown(word):
            shown.append(REDACTED)
        elif equals and not _SCRIPT.fullmatch(before) and names_secret(option.lstrip("-")) and not may_be_shown(value):
            shown.append(f"{option}={REDACTED}")
        else:
            while spans and spans[0][1] <= start:
                spans.pop(0)
            shown.append(_redact_word(word, start, spans))
        start, before = start + len(word) + 1, word
    return tuple(shown)


def _redact_word(word: str, offset: int, spans: Sequence[tuple[int, int]]) -> str:
    """A word that stands at an offset of a text, without those parts of the text."""
    if offset + len(word) > TEXT_LIMIT:
        return UNSEARCHED
    pieces, position = [], 0
    for start, end in spans:
        if start - offset >= len(word):
            break
        pieces += [word[position : max(start - offset, 0)], REDACTED]
        position = end - offset
    return "".join([*pieces, word[position:]])


def may_be_shown(value: str) -> bool:
    """Whether a value says nothing whatever its name: it is empty, one reference, or a switch."""
    plain = value.strip("\"' \t")
    return _SWITCH.fullmatch(plain) is not None or _REFERENCE.fullmatch(plain) is not None


def is_setting(kind: str, value: str) -> bool:
    """Whether a value is a number where a password would not be one: limits and sizes have names like tokens."""
    return kind in {"token", "key"} and is_number(value)


def _find_end(text: str, end: int, *, is_key: bool) -> int:
    """Where a credential ends that begins with a match: a key at its last line, or the text's end."""
    if is_key:
        last = text.find("-----END", end)
        line = re.compile(r"-----END[^\n-]{0,80}(?:-----)?").match(text, last) if last >= 0 else None
        return line.end() if line else len(text)
    tail = _TAIL.match(text, end)
    return tail.end() if tail else end


def find_values(text: str, *, has_lists: bool = True) -> Iterator[SecretMatch]:
    """What may be a credential by its place: the value of a name that means one, part of an address or header.

    A text that a builder has not written has none of the builders' lists.
    """
    if has_lists:
        yield from _find_in_lists(text)
    yield from _find_in_addresses(text)
    for pattern in (_ASSIGNMENT, _OPTION):
        for match in pattern.finditer(text):
            if names_secret(match[1]):
                yield SecretMatch(secret_kind(match[1]), match.start(2), match.end(2))


def _find_in_lists(text: str) -> Iterator[SecretMatch]:
    """Values that builders record without quotes: each goes on to the next name."""
    listing = _LISTING.match(text)
    start, end = (listing.end(), len(text)) if listing else find_build_arguments(text) or (0, 0)
    lone = _LONE_NAME.match(text, start, end) if listing else None
    names = [lone] if lone else list(_LISTED_NAME.finditer(text, start, end))
    ends = [*(match.start() for match in names[1:]), end]
    for match, last in zip(names, ends, strict=False):
        value = text[match.end() : last].rstrip().removesuffix("# buildkit").rstrip()
        if names_secret(match[1]) and value:
            yield SecretMatch(secret_kind(match[1]), match.end(), match.end() + len(value))


def _find_in_addresses(text: str) -> Iterator[SecretMatch]:
    """Passwords and tokens in addresses, HTTP headers and curl's user option."""
    if "://" in text:
        for match in _ADDRESS.finditer(text):
            yield SecretMatch("password in an address", match.start(2), match.end(2))
        for match in _TOKEN_ADDRESS.finditer(text):
            yield SecretMatch("token in an address", match.start(1), match.end(1))
    for match in _HEADER.finditer(text):
        yield SecretMatch("HTTP authorization", match.start(1), match.end(1))
    for match in _USER_OPTION.finditer(text):
        before = text[max(0, match.start() - _CLIENT_BEFORE) : match.start()]
        if _CLIENT.search(re.split(r"[\n;&|]", before)[-1]):
            yield SecretMatch("password", match.start(1), match.end(1))
