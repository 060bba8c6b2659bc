"""The one filter for secrets: keys and passwords that this process knows are masked in messages, logs and files."""

from __future__ import annotations

import base64
import json
import threading
from urllib.parse import quote

MASK = "***"
_SHORTEST = 6
"""Characters that a secret has at least; a shorter one would mask words of every text."""
_secrets: list[str] = []
_lock = threading.Lock()


def keep_secret(value: str | None, user: str = "") -> None:
    """Mask a value from now on, and the ways to write it: quoted for an address, escaped in JSON, as base64.

    Args:
        value: Key, token or password; None or a text of fewer than six characters is passed over.
        user: Name that goes with a password; base64 of both is what a request carries.
    """
    if not value or len(value) < _SHORTEST:
        return
    ways = {value, quote(value), quote(value, safe=""), json.dumps(value)[1:-1]}
    for text in (value, f"{user}:{value}"):
        ways |= {
            code(text.encode("utf-8", "replace")).decode().rstrip("=")
            for code in (base64.b64encode, base64.urlsafe_b64encode)
        }
    with _lock:
        _secrets[:] = sorted({*_secrets, *ways}, key=len, reverse=True)


def masked(text: str) -> str:
    """Return a text with every secret that is kept replaced by `***`."""
    for secret in tuple(_secrets):
        if secret in text:
            text = text.replace(secret, MASK)
    return text
