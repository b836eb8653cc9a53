"""Credentials in assignments, options, addresses and headers are found, and taken out."""

import time

import pytest

from layerscope.formats.secret_text import (
    REDACTED,
    TEXT_LIMIT,
    UNSEARCHED,
    find_secrets,
    find_value_secret,
    is_placeholder,
    names_secret,
    redact_text,
    redact_value,
    redact_words,
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
     "%(token)s%", "xxxxxxxx", "********", "/run/secrets/token", "./key.pem", "409", "file:/run/secret", "[redacted]",
     "env:TOKEN", "password", "arn:aws:secretsmanager:x", "test"],
)  # fmt: skip
def test_knows_placeholders(value: str) -> None:
    """Nothing, switches, examples, references, paths and small numbers."""
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value", ["s3cr3t", "correct horse", "Tr0ub4dor&3", "/3Gk+90sQz==", "abcdef", "pa$sword99xQ", "8374928345"]
)
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
        ("ENV DB_PASSWORD=two words", "two words"),
        ("ENV DB_PASSWORD two;words", "two;words"),
        ("/bin/sh -c #(nop)  ENV DB_PASSWORD=a;b&c LANG=C", "a;b&c"),
        ("RUN |2 DB_PASSWORD=two words LANG=C /bin/sh -c make # buildkit", "two words"),
        ('CMD ["serve", "--token", "hunter2"]', '"hunter2"'),
        ('HEALTHCHECK &{["CMD" "curl" "-u" "me:hunter2" "http://x"] "0s"}', "hunter2"),
        ('RUN echo \'{"token": "hunter2"}\' > x', '"hunter2"'),
        ("ENV URL=postgres://me:hunt@er2@db/x", "hunt@er2"),
        ("RUN x --token=" + "a1" * 900 + " y", "a1" * 900),
        ("RUN curl -H 'Authorization: Bearer " + "a1" * 900 + "' x", "a1" * 900),
        (
            "RUN echo -----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7\n-----END PRIVATE KEY----- > x",
            "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7\n-----END PRIVATE KEY-----",
        ),
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


@pytest.mark.parametrize("value", ["pa$sword99xQ", "8374928345", "-83.74", "changeme", "/3Gk90sQz", "${A:-b}", "<x"])
def test_redacts_by_name_whatever_looks_like_a_placeholder(value: str) -> None:
    """A password may look like a number, a path or an example; only a reference or a switch says nothing."""
    assert redact_value("DB_PASSWORD", value) == REDACTED


@pytest.mark.parametrize("value", ["", "$PASS", "${PASS}", "true", "0", "no"])
def test_shows_what_cannot_be_a_password(value: str) -> None:
    """References, switches, and nothing."""
    assert redact_value("DB_PASSWORD", value) == value


@pytest.mark.parametrize(
    ("name", "value"), [("TOKEN_EXPIRE_MINUTES", "11520"), ("MAX_TOKENS", "4096"), ("PASSWORD_TIMEOUT", "8080")]
)
def test_settings_are_shown(name: str, value: str) -> None:
    """A name that only speaks of secrets holds none."""
    assert redact_value(name, value) == value
    assert find_value_secret(name, value) is None


@pytest.mark.parametrize("value", ["pa$sword99xQ", "8374928345", "1234"])
def test_finds_passwords_that_look_like_something_else(value: str) -> None:
    """The config's environment is expanded already, and a PIN is a password; a limit of tokens is not."""
    assert find_value_secret("DB_PASSWORD", value) is not None
    assert find_value_secret("BATCH_TOKEN", "1234") is None
    assert find_value_secret("DB_PASSWORD", "123") is None


def test_redacts_every_token_however_many() -> None:
    """What findings count no further is still hidden."""
    tokens = [f"ghp_{number:03}Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoAq7W" for number in range(300)]
    assert redact_text(" ".join(tokens)) == " ".join([REDACTED] * 300)


@pytest.mark.parametrize("shift", [-60, -20, -1, 0, 1, 3000])
def test_shows_nothing_that_was_not_searched(shift: int) -> None:
    """A credential at or beyond the limit is not copied, not even in part."""
    token = "ghp_q7Wm2Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoA"
    text = " " * (TEXT_LIMIT + shift) + token + " PASSWORD='" + "hunter2 " * 2000
    shown = redact_text(text)
    assert shown.endswith(UNSEARCHED)
    assert len(shown) <= TEXT_LIMIT + len(REDACTED) + 1
    assert token[:8] not in shown
    assert "hunter2" not in shown


def test_a_quote_that_the_limit_cuts_is_hidden() -> None:
    """Its end lies beyond what is searched."""
    shown = redact_text(f"{' ' * (TEXT_LIMIT - 1000)}PASSWORD='{'hunter2 ' * 2000}'")
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("serve", "--password", "two words"), ("serve", "--password", "***")),
        (("serve", "--password=a;b"), ("serve", "--password=***")),
        (("curl", "-u", "me:hunter2", "http://x"), ("curl", "-u", "me:***", "http://x")),
        (("sh", "-c", "TOKEN=hunter2 serve"), ("sh", "-c", "TOKEN=*** serve")),
        (("serve", "--token", "$TOKEN"), ("serve", "--token", "$TOKEN")),
    ],
)
def test_redacts_words_of_a_command(words: tuple[str, ...], shown: tuple[str, ...]) -> None:
    """An option's value stands in the next word."""
    assert redact_words(words) == shown


@pytest.mark.parametrize(
    "piece",
    ["a", "a.b-", "A://", "curl ", "x=y ", " ", "name   ", "Authorization: ", "https://", "--a ",
     "x='", 'x="', "${", "-----BEGIN PRIVATE KEY-----\\nMIIEowIBAAKCAQEA", "a://b:c", "pwd=a ", "ENV A=", "/sh "],
)  # fmt: skip
def test_takes_linear_time(piece: str) -> None:
    """Text that nearly matches everywhere is not worse than text that does not."""
    text = piece * (65536 // len(piece))
    start = time.process_time()
    list(find_secrets(text))
    is_placeholder(text)
    redact_text(text * 2)
    assert time.process_time() - start < 2
