"""Where programs keep credentials, and how each file shows that it holds one."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.formats.passwd import parse_shadow_hashes
from layerscope.formats.secret_text import find_secrets, is_placeholder


class CredentialFile(Struct, frozen=True):
    """A kind of file: its base names, a pattern that its whole path must match, and one that finds the values."""

    kind: str
    names: tuple[str, ...]
    path: re.Pattern[str]
    value: re.Pattern[str]

    def count(self, text: str) -> int:
        """How many credentials the text holds; a match whose group is empty cannot be a placeholder."""
        return sum(1 for match in self.value.finditer(text) if not match[1] or not is_placeholder(match[1]))


def _file(kind: str, names: str, *, value: str, path: str = r".*") -> CredentialFile:
    """One row of the table."""
    return CredentialFile(
        kind, tuple(names.split()), re.compile(path, re.DOTALL), re.compile(value, re.IGNORECASE | re.MULTILINE)
    )


_QUOTED: Final = r"\s{0,99}:\s{0,99}\"([^\"\s]{6,})\""
_SET: Final = r"\s{0,99}[=:]\s{0,99}[\"']?([^\s\"']{4,})"
"""Blanks have a ceiling, as has the indentation of a line: between two patterns that take any number of them, a text of
blanks alone would take quadratic time."""

CREDENTIAL_FILES: Final = (
    _file("netrc password", ".netrc _netrc netrc", value=r"\bpassword\s+(\S+)"),
    _file("npm token", ".npmrc npmrc", value=r"(?:_authToken|_auth|_password)\s*=\s*[\"']?([^\s\"']+)"),
    _file("yarn token", ".yarnrc.yml", value=r"npmAuth(?:Token|Ident)" + _SET),
    _file("package index password", ".pypirc", value=r"^[ \t]{0,99}password" + _SET),
    _file("git password", ".git-credentials .git-credential-store", value=r"://[^\s/:@]*:([^\s/@]+)@"),
    _file(
        "registry password",
        "config.json .dockercfg auth.json .dockerconfigjson",
        value=r"\"(?:auth|identitytoken|registrytoken)\"" + _QUOTED,
        path=r"(?:.*/)?(?:\.docker/config\.json|\.docker(?:cfg|configjson)|containers/auth\.json|kaniko/.*config\.json)",
    ),
    _file(
        "Composer token",
        "auth.json",
        value=r"\"(?:[\w.-]+\.[a-z]+|password)\"" + _QUOTED,
        path=r"(?:.*/)?\.?composer/auth\.json",
    ),
    _file(
        "AWS secret key",
        "credentials config",
        value=r"(?:aws_secret_access_key|aws_session_token)" + _SET,
        path=r"(?:.*/)?\.aws/[^/]+",
    ),
    _file(
        "Google Cloud credential",
        "application_default_credentials.json service-account.json service_account.json serviceaccount.json "
        "credentials.json client_secret.json gcp-key.json keyfile.json key.json sa.json adc.json",
        value=r"\"(?:refresh_token|private_key|client_secret)\"\s*:\s*\"([^\"]{10,})\"",
    ),
    _file(
        "Azure credential",
        "accessTokens.json msal_token_cache.json service_principal_entries.json azureProfile.json",
        value=r"\"(?:refresh_?token|access_?token|client_secret|secret)\"" + _QUOTED,
    ),
    _file(
        "Kubernetes credential",
        "config kubeconfig admin.conf kubelet.conf kube.config",
        value=r"^[ \t]{0,99}(?:-[ \t]{0,99})?(?:client-key-data|token|password)" + _SET,
        path=r"(?:.*/)?(?:\.kube/config|kubeconfig|kube\.config|etc/kubernetes/[^/]+)",
    ),
    _file(
        "Kubernetes service account token",
        "token",
        value=r"^(eyJ[\w-]+\.[\w-]+\.[\w-]+)",
        path=r".*serviceaccount/token",
    ),
    _file(
        "Hugging Face token",
        "token stored_tokens",
        value=r"(hf_\w{20,})",
        path=r"(?:.*/)?\.?huggingface/(?:token|stored_tokens)",
    ),
    _file("database password", ".pgpass pgpass.conf", value=r"^[^#:\n]+:[^:\n]*:[^:\n]*:[^:\n]*:(\S+)"),
    _file("database password", ".my.cnf .mylogin.cnf", value=r"^[ \t]{0,99}password" + _SET),
    _file(
        "object storage key",
        ".s3cfg .boto .passwd-s3fs rclone.conf",
        value=r"^[ \t]{0,99}(?:(?:gs_|aws_)?secret_(?:access_)?key(?:_id)?|gs_oauth2_refresh_token|pass|token)" + _SET,
    ),
    _file(
        "Cargo token",
        "credentials credentials.toml",
        value=r"^[ \t]{0,99}token" + _SET,
        path=r"(?:.*/)?\.?cargo/credentials(?:\.toml)?",
    ),
    _file("GitHub token", "hosts.yml", value=r"oauth_token" + _SET, path=r"(?:.*/)?gh/hosts\.yml"),
    _file("Terraform token", ".terraformrc credentials.tfrc.json", value=r"\"?token\"?" + _SET),
    _file("Vault token", ".vault-token", value=r"^(\S{20,})\s*$"),
    _file("Kaggle key", "kaggle.json", value=r"\"key\"" + _QUOTED),
    _file(
        "Maven password",
        "settings.xml settings-security.xml",
        value=r"<(?:password|passphrase)>([^<]+)<",
        path=r"(?:.*/)?\.m2/[^/]+",
    ),
    _file("NuGet password", "NuGet.Config nuget.config", value=r"ClearTextPassword\"\s+value=\"([^\"]+)\""),
    _file("web password hash", ".htpasswd", value=r"^[^#:\s]+:()(?:\$\w+\$|\{SHA\})\S+"),
)
"""Files whose name says that they hold credentials, and what in them is one."""

ASSIGNMENT_FILES: Final = frozenset(
    {"secrets.yaml", "secrets.yml", "secrets.toml", "secrets.json", "secrets.env", ".bash_history", ".sh_history",
     ".python_history", ".zsh_history", ".ash_history", "pip.conf", ".condarc", ".wgetrc", ".curlrc", "wandb_settings"}
)  # fmt: skip
"""Files in which a value given to a name like `API_KEY` is a credential."""

SHADOW: Final = "etc/shadow"


def find_credentials(path: str, name: str, text: str) -> Iterator[tuple[str, int]]:
    """Kinds and counts of the credentials in a file that is known by its name."""
    if path == SHADOW:
        accounts = parse_shadow_hashes(text.encode("latin-1", "replace"))
        if accounts:
            yield "login password hash", len(accounts)
        return
    for row in CREDENTIAL_FILES:
        if name in row.names and row.path.fullmatch(path):
            count = row.count(text)
            if count:
                yield row.kind, count
    if name in ASSIGNMENT_FILES or name.endswith((".env", ".tfvars")) or name.startswith(".env."):
        kinds = [match.kind for match in find_secrets(text)]
        for kind in sorted(set(kinds)):
            yield kind, kinds.count(kind)
