"""The last look at what is published: a folder that holds something like a secret does not leave."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...errors import LmnError, installing, listed
from ...masking import secret_names_in
from ...secret_shapes import shapes_in
from .onnx_weights import texts_in

_SAFETENSORS, _ONNX = ".safetensors", ".onnx"
_WEIGHTS = (_SAFETENSORS, _ONNX)
"""Ends of the names of weights."""
_LONGEST_HEADER = 100_000_000
"""Bytes that the header of weights has at most, as the format says."""
_MARKS = re.compile(r"[\w+/=.~%-]{12}|://|PRIVATE KEY", re.ASCII)
"""What every line with a secret holds, whatever its kind: a quick look spares the lines of a vocabulary the long one."""
_ESCAPE = re.compile(r"\\(?:u00([0-9a-fA-F]{2})|([!-/:-@\[-`{-~]))")
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,60})[\"'\\`*\s]*[:=|]")
_PLUGINS = (
    "artifactory.ArtifactoryDetector", "aws.AWSKeyDetector", "azure_storage_key.AzureStorageKeyDetector",
    "discord.DiscordBotTokenDetector", "github_token.GitHubTokenDetector", "gitlab_token.GitLabTokenDetector", "jwt.JwtTokenDetector",
    "mailchimp.MailchimpDetector", "npm.NpmDetector", "openai.OpenAIDetector", "private_key.PrivateKeyDetector",
    "pypi_token.PypiTokenDetector", "sendgrid.SendGridDetector", "slack.SlackDetector", "square_oauth.SquareOAuthDetector",
    "stripe.StripeDetector", "telegram_token.TelegramBotTokenDetector", "twilio.TwilioKeyDetector",
)  # fmt: skip
"""Detectors of detect-secrets that go by a shape. Those that go by entropy take every hash for a secret."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A place that holds something like a secret.

    Attributes:
        place: File and line, `README.md:57`; for the weights, the file, which has no lines.
        key: Name of the key whose value it is; None if none is seen.
        kind: What it looks like, in words.
        known: Whether it is a secret of this process, so that there is no doubt.
    """

    place: str
    key: str | None
    kind: str
    known: bool

    def __str__(self) -> str:
        """Return place, key and kind; never the value."""
        return f"{self.place}{f' ({self.key})' if self.key else ''}: {self.kind}"


def check_folder(folder: Path, files: Sequence[str], not_secret: Collection[str] = ()) -> None:
    """Refuse a folder that holds something like a secret, in any file.

    Of the weights, what is beside the numbers is looked at.

    Args:
        folder: The folder.
        files: Names of its files that are published.
        not_secret: Places that hold none, although it looks so, as `FILE:LINE`. A secret of this process is refused all the same.

    Raises:
        LmnError: A file holds one; the message names each file, line and key, and never a value.
    """
    suspects = [
        suspect
        for name in files
        for suspect in suspects_in(_text_of(folder / name), name)
        if suspect.known or suspect.place not in not_secret
    ]
    if not suspects:
        return
    first, place = suspects[0], str(suspects[0])
    if first.known:
        remedy = "take it out, or set another value if it is no secret"
    else:
        remedy = f"take it out, or if it is none: --not-secret {first.place}"
        remedy += "; --no-corpus-text shows no sentence of the corpus" * (first.place.startswith("README.md"))
    what = f"{place}, so nothing was published"
    if others := list(dict.fromkeys(map(str, suspects[1:]))):
        what += f"; also {listed(others)}"
    raise LmnError(what, None, remedy)


def check_words(words: Mapping[str, str | None]) -> None:
    """Refuse words that are sent besides the folder, such as the message of the commit, if one looks like a secret.

    Args:
        words: Values by the names of their options.

    Raises:
        LmnError: A value does; the message names the option.
    """
    for option, text in words.items():
        for suspect in suspects_in(text or "", option):
            raise LmnError(f"{suspect.kind}, so nothing was published", option, "take it out")


def _text_of(path: Path) -> str:
    """Return what can be read of a file as text; of weights, what is beside the numbers."""
    if path.suffix == _ONNX:
        return texts_in(path)
    with path.open("rb") as file:
        if path.suffix == _SAFETENSORS:
            size = min(int.from_bytes(file.read(8), "little"), _LONGEST_HEADER)
            return file.read(size).decode("utf-8", "replace")
        return file.read().decode("utf-8", "replace")


def suspects_in(text: str, name: str) -> Iterator[Suspect]:
    """Yield the places of a text that hold something like a secret, one for a line and kind.

    Args:
        text: Content of a file.
        name: Name of the file.
    """
    lines = text.split("\n")
    home = _home()
    known = bool(secret_names_in(text) or secret_names_in(_plain(text)))
    for number, line in enumerate(lines, start=1):
        marked = bool(_MARKS.search(line))
        if not (marked or known):
            continue
        place = name if name.endswith(_WEIGHTS) or len(lines) == 1 else f"{name}:{number}"
        found: dict[str, Suspect] = {}
        for view in dict.fromkeys((line, _plain(line))):
            for at, kind, is_known in _found_in(view, home):
                found.setdefault(kind, Suspect(place, _key_before(view, at), kind, is_known))
        yield from found.values()


def _found_in(line: str, home: str | None) -> Iterator[tuple[int, str, bool]]:
    """Yield position, kind and certainty of what looks like a secret in a line."""
    for name in secret_names_in(line):
        yield len(line), f"holds the secret in {name}", True
    for shape in shapes_in(line):
        yield shape.start, f"looks like a {shape.kind}", False
    for kind, detect in _detectors():
        for value in detect(line):
            yield line.find(value), f"looks like a secret ({kind})", False
    if home and home in line:
        yield line.find(home), "holds a path in your home folder", False


def _plain(line: str) -> str:
    """Return a line as readers see it: without the escapes of Markdown, HTML and JSON."""
    if "\\" not in line and "&" not in line:
        return line
    return html.unescape(_ESCAPE.sub(lambda code: chr(int(code[1], 16)) if code[1] else code[2], line))


def _key_before(line: str, at: int) -> str | None:
    """Return the last key before a position of a line that does not look like a secret itself; None if there is none."""
    keys: list[str] = _KEY.findall(line[:at])
    return next((key for key in reversed(keys) if not any(_found_in(key, None))), None)


def _home() -> str | None:
    """Return the home folder as it begins a path; None if it names nobody, as that of root."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return f"{home.as_posix()}/" if len(home.parts) > 2 else None


@cache
def _detectors() -> list[tuple[str, Callable[[str], Iterator[str]]]]:
    """Return the detectors of detect-secrets with their names; none of them asks a server.

    Raises:
        LmnError: The package is missing.
    """
    from importlib import import_module

    found = []
    for path in _PLUGINS:
        module, _, name = path.partition(".")
        try:
            detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
        except ImportError as error:
            raise LmnError(
                f"publishing needs the package detect-secrets ({error})", remedy=installing("tag")
            ) from error
        found.append((str(detector.secret_type), detector.analyze_string))
    return found
