"""How files are called that images start."""

from typing import Final

PYTHON_NAMES: Final = frozenset({
    "__main__.py", "api.py", "app.py", "application.py", "asgi.py", "chat.py", "cli.py", "demo.py", "entrypoint.py",
    "generate.py", "handler.py", "infer.py", "inference.py", "launch.py", "main.py", "manage.py", "model.py",
    "predict.py", "rp_handler.py", "run.py", "serve.py", "server.py", "service.py", "start.py", "test.py", "train.py",
    "webui.py", "worker.py", "wsgi.py",
})  # fmt: skip
"""Names of scripts that images start; which one it is, only the config tells, and layers are read without it."""
