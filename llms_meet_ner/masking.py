"""The one filter for secrets: keys and passwords that this process knows are masked in messages, logs and files.

The rule. A value that no text holds by chance is masked wherever it stands: at least six characters, and neither a word, a number, nor
several of them with dashes, unless they are twenty characters long. Another value (`none`, `ollama`, `lm-studio`, `secret`) would mask
what users write, so it is masked only where nothing else can be meant: between a colon and an `@` in an address, as base64, and as a
word of what a server sent.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from .secret_shapes import is_secret_name, shapes_in

MASK = "***"
_SHORTEST = 6
_LONG = 20
_SHORTEST_BASE64 = 8
_SHORTEST_HEX = 12
"""Characters of a code that are no chance; our files are full of hashes."""
_WORD = re.compile(r"(?:[^\W\d_]+|\d+)(?:[-_. /]+(?:[^\W\d_]+|\d+))*")
_PLACEHOLDERS = frozenset(("token-abc123", "sk-no-key-required"))
"""Keys that the documentation of servers gives as examples."""
_ACTIVE_IN_MARKDOWN = re.compile(r"([\\`*_\[\]|~$#])")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s\"'<>]{0,2000}@[^\s\"'<>]{1,2000}")
_PART = re.compile(r"[,;\s]+")

_masks: dict[str, str] = {}
"""What is masked, and what stands there instead; the longest first."""
_words: dict[str, re.Pattern[str]] = {}
"""Values that are masked in what a server sent only."""
_names: dict[str, str] = {}
"""Where a secret came from, by what is masked."""
_lock = threading.Lock()


def keep_secret(value: str | None, user: str = "", name: str = "") -> None:
    """Mask a value from now on, and the ways to write it: in addresses, JSON, Python, HTML and Markdown, as base64 and hexadecimal.

    Args:
        value: Key, token or password; None and the empty text are passed over.
        user: Name that goes with a password; base64 of both is what a request carries.
        name: Where the value came from, such as the name of a variable, for `secret_names_in`.
    """
    if not value or not value.strip() or value in _PLACEHOLDERS:
        return
    sure = _is_sure(value)
    masks = dict.fromkeys(_written(value), MASK) if sure else {f":{way}@": f":{MASK}@" for way in _written(value)}
    masks |= dict.fromkeys(_codes(value), MASK)
    if user:
        masks |= dict.fromkeys(_codes(f"{user}:{value}"), MASK)
    if sure and "\n" in value:  # the files are masked line by line
        masks |= dict.fromkeys((line for line in value.split("\n") if len(line) >= _LONG), MASK)
    with _lock:
        if not sure:
            _words[value] = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
        _names.update(dict.fromkeys(masks, name))
        merged = {**_masks, **masks}
        _masks.clear()
        _masks.update(sorted(merged.items(), key=lambda mask: -len(mask[0])))


def keep_address(address: str, name: str = "") -> None:
    """Mask what is secret in an address: its password, a user without password, and values of its query that are named so.

    Args:
        address: Address such as `https://user:password@host/v1?key=...`.
        name: Where it came from.
    """
    try:
        parts = urlsplit(address)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return
    for value in {password or user, unquote(password or user)}:
        keep_secret(value, user=unquote(user) if password else "", name=name)
    for key, value in parse_qsl(parts.query):
        if is_secret_name(key):
            keep_secret(value, name=name)
    keep_shapes(parts.path, name)


def keep_shapes(text: str, name: str = "") -> None:
    """Mask the parts of a text that look like keys: some gateways want them in the name of a model or in the path of an address."""
    for address in _ADDRESS.findall(text):
        keep_address(address, name)
    text = _ADDRESS.sub(" ", text)
    for shape in shapes_in(text):
        keep_secret(text[shape.start : shape.end], name=name)


def keep_words(words: Iterable[str]) -> None:
    """Mask what looks like a secret in the words of a command line, and the values of overrides that are named like one (`hub_token=x`)."""
    for word in words:
        keep_shapes(word, "the command line")
        name, equals, value = word.partition("=")
        if equals and is_secret_name(name):
            keep_secret(value, name="the command line")


def keep_environment(environment: Mapping[str, str] | None = None) -> None:
    """Mask the secrets of the environment and the tokens that a login for the Hub stored; every command calls this first.

    Secret is the value of a variable whose name says so (`HF_TOKEN`, `WANDB_API_KEY`, `DB_PASSWORD`), and the password in an address
    (`HTTPS_PROXY`, `HF_ENDPOINT`), whatever its variable is called.

    Args:
        environment: Variables; None for those of the process.
    """
    known = os.environ if environment is None else environment
    for name, value in known.items():
        for address in _ADDRESS.findall(value):
            keep_address(address, name)
        if is_secret_name(name) and not _ADDRESS.search(value) and not os.path.exists(value):
            for part in {value, *_PART.split(value)}:
                keep_secret(part.strip(), name=name)
    for path in _token_files(known):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line in text.splitlines():
            keep_secret(line.rpartition("=")[2].strip(), name=str(path))


def _token_files(known: Mapping[str, str]) -> Iterable[Path]:
    """Return where huggingface_hub keeps its tokens, by the variables that its documentation names."""
    cache = Path(known.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(known.get("HF_HOME") or cache / "huggingface")
    named = (known.get("HF_TOKEN_PATH") or home / "token", known.get("HF_STORED_TOKENS_PATH") or home / "stored_tokens")
    return [Path(os.path.expanduser(path)) for path in named]


def _is_sure(value: str) -> bool:
    """Return whether no text holds a value by chance."""
    if len(value) < _SHORTEST:
        return False
    if len(value) >= _LONG or not _WORD.fullmatch(value):
        return True
    parts = re.findall(r"[^\W\d_]+", value)
    mixed = any(not (part.islower() or part.isupper() or part.istitle()) for part in parts if part.lower() != part)
    return mixed or bool(re.search(r"[^\W\d_]\d|\d[^\W\d_]", value))


def _written(value: str) -> Iterator[str]:
    """Yield the ways to write a value in a text."""
    yield value
    for way in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield from (way, re.sub("%..", lambda code: code[0].lower(), way))
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from (once, once.replace("/", "\\/"), json.dumps(once)[1:-1])
    yield repr(value)[1:-1]
    yield from (html.escape(value), html.escape(value, quote=False))
    yield from (_ACTIVE_IN_MARKDOWN.sub(r"\\\1", way) for way in (value, html.escape(value, quote=False)))


def _codes(value: str) -> Iterator[str]:
    """Yield what base64 of any text that holds a value holds, and the value's bytes as hexadecimal digits."""
    content = value.encode("utf-8", "replace")
    if 2 * len(content) >= _SHORTEST_HEX:
        yield from (content.hex(), content.hex().upper())
    for before in range(3):
        code = base64.b64encode(b"\0" * before + content).decode()
        way = code[(0, 2, 3)[before] : (before + len(content)) * 8 // 6]
        if len(way) >= _SHORTEST_BASE64:
            yield from (way, way.replace("+", "-").replace("/", "_"))


def masked(text: str) -> str:
    """Return a text with every secret that is kept replaced by `***`."""
    if not _masks:
        return text
    for secret, mask in tuple(_masks.items()):
        if secret in text:
            text = text.replace(secret, mask)
    return text


def masked_echo(text: str) -> str:
    """Return a text that a server sent, masked; whatever looks like a key is masked too, and a secret that is a plain word."""
    text = masked(text)
    for word in tuple(_words.values()):
        text = word.sub(MASK, text)
    pieces, end = [], 0
    for shape in sorted(shapes_in(text), key=lambda shape: shape.start):
        if shape.start >= end:
            pieces += [text[end : shape.start], MASK]
        end = max(end, shape.end)
    return "".join([*pieces, text[end:]])


def secret_names_in(text: str) -> list[str]:
    """Return where the secrets came from that a text holds, in any way to write them; never the secrets."""
    return sorted({_names.get(secret) or "a secret of this process" for secret in tuple(_masks) if secret in text})


class MaskedFile:
    """A text file to write into, in which secrets are masked.

    A line is written when it is whole, so that a secret that is cut over two writes is found. The last line waits for `finish`.
    """

    def __init__(self, file: IO[str]) -> None:
        """Mask what goes into an open file."""
        self._file = file
        self._waiting: list[str] = []

    def write(self, text: str) -> int:
        """Take a text, write the lines that are whole now, and return the number of characters taken."""
        whole, newline, rest = text.rpartition("\n")
        if newline:
            self._file.write(masked("".join([*self._waiting, whole, newline])))
            self._waiting = [rest]
        else:
            self._waiting.append(rest)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Take texts one after another."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand the lines that are whole on to the system."""
        self._file.flush()

    def finish(self) -> None:
        """Write what waits for the end of its line."""
        self._file.write(masked("".join(self._waiting)))
        self._waiting = []
