"""Chat templates: sound ones, and such as ignore roles or are another model's."""

from typing import Final

TEMPLATE: Final = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
"""A chat template whose marks are plain words."""

FIRM: Final = "{% if messages[0].role != 'user' %}{{ raise_exception('a user begins') }}{% endif %}" + TEMPLATE
"""The same, which takes no conversation that another than a user begins."""

STERN: Final = "{% if messages|length > 1 %}{{ raise_exception('one message') }}{% endif %}" + TEMPLATE
"""The same, which takes no conversation at all."""

ENDED: Final = "{% for m in messages %}{{ m['content'] }}{{ eos_token }}{% endfor %}"
"""DialoGPT's: turns alternate, and each ends."""

SPACED: Final = (
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ ' ' }}{% endif %}{{ m['content'] }}"
    "{% if not loop.last %}{{ '  ' }}{% endif %}{% endfor %}"
)
"""Blenderbot's: a blank more before a user."""

LIKE_ROLES: Final = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
"""One that does not say who speaks."""

CHATML: Final = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""One whose marks are tokens of other models."""
