"""Credentials that give themselves away by their form: tokens with a vendor's prefix, and private keys.

Forms: https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
and the vendors' own pages on their tokens.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

MATCHES_LIMIT: Final = 100
"""Tokens reported of one text; a file with more is a list of tokens, and a hundred say so."""

PRIVATE_KEY: Final = "private key"
"""The kind whose match is only its first line."""

_START: Final = r"(?<![A-Za-z0-9_-])"


class SecretMatch(Struct, frozen=True):
    """A credential in a text, by its kind and place, never by its value."""

    kind: str
    start: int
    end: int

    @property
    def length(self) -> int:
        """How many characters it has."""
        return self.end - self.start


class _Form(Struct, frozen=True):
    """One form: what a text must hold before its pattern is tried, and the pattern."""

    kind: str
    hint: str
    pattern: re.Pattern[str]


def _form(kind: str, hint: str, pattern: str) -> _Form:
    """A form whose token stands alone."""
    return _Form(kind, hint, re.compile(_START + pattern))


_FORMS: Final = (
    _form("AWS access key", "AKIA", r"AKIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
    _form("AWS temporary access key", "ASIA", r"ASIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
    _form("GitHub token", "gh", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _form("GitHub fine-grained token", "github_pat_", r"github_pat_[A-Za-z0-9_]{60,255}"),
    _form("GitLab token", "glpat-", r"glpat-[A-Za-z0-9_.-]{20,255}"),
    _form("Slack token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{20,255}"),
    _form("Slack webhook", "hooks.slack.com", r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,120}"),
    _form("Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{30,60}(?![A-Za-z0-9_])"),
    _form("Anthropic API key", "sk-ant-", r"sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{40,200}"),
    _form("OpenAI API key", "T3BlbkFJ", r"sk-[A-Za-z0-9_-]{10,120}T3BlbkFJ[A-Za-z0-9_-]{10,120}"),
    _form("OpenAI API key", "sk-proj-", r"sk-proj-(?![A-Za-z0-9_-]{0,120}T3BlbkFJ)[A-Za-z0-9_-]{40,250}"),
    _form("Google API key", "AIza", r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    _form("Google OAuth secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _form("NVIDIA API key", "nvapi-", r"nvapi-[A-Za-z0-9_-]{60,80}"),
    _form("PyPI token", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,500}"),
    _form("npm token", "npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _form("Docker Hub token", "dckr_pat_", r"dckr_pat_[A-Za-z0-9_-]{20,60}"),
    _form("Stripe live key", "k_live_", r"[sr]k_live_[A-Za-z0-9]{20,250}"),
    _form("Vault token", "hvs.", r"hvs\.[A-Za-z0-9_-]{24,250}"),
    _form("Azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _Form(
        PRIVATE_KEY,
        "PRIVATE KEY",
        re.compile(
            r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----"
            r"(?=(?:\s|\\n|\\r)*(?:[A-Za-z0-9+/=]{16}|[A-Z][A-Za-z-]{2,20}: ))"
        ),
    ),
)

_FILLER: Final = re.compile(
    r"example|x{4}|your|placeholder|0123456789|123456789|abcdef(?:ghij|012)|0{8}", re.IGNORECASE
)

_VARIETY: Final = 6
"""A real token has many different characters; `ghp_xxxx…` and `AKIA0000…` have few."""


def find_tokens(text: str, *, limit: int | None = MATCHES_LIMIT) -> Iterator[SecretMatch]:
    """The credentials in `text` that are known by their form, examples left out; all of them without a limit."""
    found = 0
    for form in _FORMS:
        if form.hint not in text:
            continue
        for match in form.pattern.finditer(text):
            if _is_filler(match[0]):
                continue
            yield SecretMatch(form.kind, match.start(), match.end())
            found += 1
            if found == limit:
                return


def _is_filler(token: str) -> bool:
    """Whether a token of the right form is an example rather than a credential."""
    if token.startswith("-----"):
        return False
    return len(set(token[8:])) < _VARIETY or _FILLER.search(token) is not None
