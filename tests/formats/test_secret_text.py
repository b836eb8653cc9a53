"""Credentials in assignments, options, addresses and headers are found, and taken out."""

import time

import pytest

from layerscope.formats.secret_text import (
    REDACTED,
    find_secrets,
    find_value_secret,
    is_placeholder,
    names_secret,
    redact_text,
    redact_value,
    secret_kind,
)


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWORD", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "apiKey", "openai.api-key", "client_secret",
     "GH_PAT", "SECRET_KEY_BASE64", "TOKEN_2", "sslPassphrase"],
)  # fmt: skip
def test_knows_names_of_secrets(name: str) -> None:
    """In every spelling."""
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    ["PATH", "PWD", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "GPG_KEY", "MONKEY", "PAD_TOKEN", "SSH_AUTH_SOCK",
     "PASSWORD_FILE", "TOKEN_URL", "KEYBOARD", "PYTHON_SHA256", "SECRETS_DIR", "AUTHOR"],
)  # fmt: skip
def test_knows_names_that_only_look_like_it(name: str) -> None:
    """Tokens of text, fingerprints, and places of files."""
    assert not names_secret(name)


@pytest.mark.parametrize(
    "value",
    ["", "''", "true", "none", "changeme", "CHANGE_ME", "your-token-here", "<token>", "${TOKEN}", "$TOKEN",
     "{{ token }}",
     "%(token)s%", "xxxxxxxx", "********", "/run/secrets/token", "./key.pem", "4096", "file:/run/secret", "[redacted]",
     "env:TOKEN", "password", "arn:aws:secretsmanager:x", "test"],
)  # fmt: skip
def test_knows_placeholders(value: str) -> None:
    """Nothing, switches, examples, references, paths and numbers."""
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["s3cr3t", "correct horse", "Tr0ub4dor&3", "/3Gk+90sQz==", "abcdef"])
def test_knows_values(value: str) -> None:
    """Anything else may be one."""
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("DB_PASSWORD", "password"), ("HF_TOKEN", "token"), ("API_KEY", "key"), ("CLIENT_SECRET", "secret")],
)
def test_tells_the_kind_by_the_name(name: str, kind: str) -> None:
    """In one word."""
    assert secret_kind(name) == kind


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("|1 TOKEN=abc123x /bin/sh -c make", "abc123x"),
        ("RUN export DB_PASSWORD='two words' && run", "'two words'"),
        ("RUN tool --password hunter2 --verbose", "hunter2"),
        ("RUN tool --api-key=hunter22", "hunter22"),
        ("RUN curl -u me:hunter2 https://example.com", "hunter2"),
        ("RUN curl -H 'Authorization: Bearer abcdefgh1234' x", "abcdefgh1234"),
        ("RUN git clone https://me:hunter2@example.com/x", "hunter2"),
        ("RUN pip install --index-url https://__token__:hunter2@example.com/simple x", "hunter2"),
        ("ENV DATABASE_URL=postgres://app:hunter2@db/app", "hunter2"),
        ("password: hunter2", "hunter2"),
    ],
)
def test_takes_credentials_out_of_commands(text: str, hidden: str) -> None:
    """The rest of the text stays as it is."""
    assert hidden in text
    assert redact_text(text) == text.replace(hidden, REDACTED)


@pytest.mark.parametrize(
    "text",
    [
        "RUN apt-get update && apt-get install -y curl",
        "RUN pip install --token $TOKEN",
        "ENV PASSWORD_FILE=/run/secrets/password",
        "RUN echo basic authentication-required",
        "RUN curl https://example.com:8080/a@b",
        "ARG TOKEN",
        "LABEL com.example.api_key.required=true",
        "ENV SENTRY_DSN=https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2",
        "RUN git checkout 2c26b46b68ffc68ff99b453c1d30413413422d70",
    ],
)
def test_leaves_ordinary_commands_alone(text: str) -> None:
    """Nothing in them is a credential."""
    assert redact_text(text) == text


def test_redacts_values_by_name_and_by_form() -> None:
    """A name that says secret hides the whole value, any other only the credential in it."""
    assert redact_value("DB_PASSWORD", "hunter2") == REDACTED
    assert redact_value("INDEX", "https://me:hunter2@example.com") == f"https://me:{REDACTED}@example.com"
    assert redact_value("API_KEY", "${API_KEY}") == "${API_KEY}"
    assert redact_value("PATH", "/usr/bin") == "/usr/bin"


def test_finds_the_credential_of_a_variable() -> None:
    """By form before name; ordinary variables have none."""
    by_name = find_value_secret("DB_PASSWORD", "hunter2")
    by_form = find_value_secret("URL", "https://me:hunter2@example.com")
    assert (by_name and by_name.kind, by_form and by_form.kind) == ("password", "password in an address")
    assert find_value_secret("LANG", "C.UTF-8") is None


@pytest.mark.parametrize(
    "piece", ["a", "a.b-", "A://", "curl ", "x=y ", " ", "name   ", "Authorization: ", "https://", "--a "]
)
def test_takes_linear_time(piece: str) -> None:
    """Text that nearly matches everywhere is not worse than text that does not."""
    text = piece * (65536 // len(piece))
    start = time.process_time()
    list(find_secrets(text))
    is_placeholder(text)
    assert time.process_time() - start < 2
