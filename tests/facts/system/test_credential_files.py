"""Files that keep credentials are known by name, and show them in their own ways."""

import pytest

from layerscope.facts.system.credential_files import find_credentials

CASES = {
    "root/.netrc": ("machine example.com login me password hunter2", "netrc password"),
    "a\nb/.netrc": ("machine example.com login me password hunter2", "netrc password"),
    "root/.npmrc": ("//registry.npmjs.org/:_authToken=abc123x", "npm token"),
    "root/.pypirc": ("[pypi]\nusername = __token__\npassword = hunter2", "package index password"),
    "root/.git-credentials": ("https://me:hunter2@example.com", "git password"),
    "root/.docker/config.json": ('{"auths": {"https://x": {"auth": "bWU6aHVudGVyMg=="}}}', "registry password"),
    "root/.aws/credentials": ("[default]\naws_secret_access_key = abcdEFGH1234", "AWS secret key"),
    "root/.config/gcloud/application_default_credentials.json": (
        '{"refresh_token": "1//0abcdefghijkl"}',
        "Google Cloud credential",
    ),
    "root/.azure/msal_token_cache.json": ('{"secret": "abcdef123"}', "Azure credential"),
    "root/.kube/config": ("users:\n- name: me\n  user:\n    token: abcdef123", "Kubernetes credential"),
    "var/run/secrets/kubernetes.io/serviceaccount/token": ("eyJabc.eyJdef.ghi-jkl", "Kubernetes service account token"),
    "root/.cache/huggingface/token": ("hf_abcdefghijklmnopqrstuvwx", "Hugging Face token"),
    "root/.pgpass": ("db:5432:app:me:hunter2", "database password"),
    "root/.my.cnf": ("[client]\npassword=hunter2", "database password"),
    "root/.s3cfg": ("secret_key = abcdef123", "object storage key"),
    "root/.cargo/credentials.toml": ('[registry]\ntoken = "abcdef123"', "Cargo token"),
    "root/.config/gh/hosts.yml": ("github.com:\n    oauth_token: abcdef123", "GitHub token"),
    "root/.vault-token": ("hvs.abcdefghijklmnop1234", "Vault token"),
    "root/.kaggle/kaggle.json": ('{"username":"me","key":"abcdef123"}', "Kaggle key"),
    "root/.m2/settings.xml": ("<server><password>hunter2</password></server>", "Maven password"),
    "etc/nginx/.htpasswd": ("me:$apr1$x$abcdef", "web password hash"),
    "etc/shadow": ("root:$6$salt$hash:19000::::::", "login password hash"),
    "app/.env": ("API_KEY=abcdef123", "key"),
    "app/.env.production": ("DB_PASSWORD=hunter2", "password"),
    "root/.bash_history": ("export API_TOKEN=abcdef123", "token"),
    "app/terraform.tfvars": ('db_password = "hunter2"', "password"),
}


@pytest.mark.parametrize("path", CASES)
def test_knows_what_each_file_holds(path: str) -> None:
    """By its name, and by what a credential looks like in it."""
    text, kind = CASES[path]
    assert list(find_credentials(path, path.rpartition("/")[2], text)) == [(kind, 1)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("root/.netrc", "machine example.com login me password ${PASSWORD}"),
        ("root/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}"),
        ("root/.npmrc", "registry=https://registry.npmjs.org/"),
        ("root/.docker/config.json", '{"credsStore": "desktop", "auths": {"https://x": {}}}'),
        ("models/bert/config.json", '{"auth": "bWU6aHVudGVyMg=="}'),
        ("root/.kube/config", "users: []"),
        ("etc/shadow", "root:*:19000::::::\ndaemon:!:19000::::::"),
        ("app/.env", "API_KEY=changeme\nDEBUG=true\nTOKEN=\n"),
        ("app/credentials", "aws_secret_access_key = abcdEFGH1234"),
    ],
)
def test_finds_nothing_in_their_neighbours(path: str, text: str) -> None:
    """Placeholders, references, other places, and files without any."""
    assert list(find_credentials(path, path.rpartition("/")[2], text)) == []
