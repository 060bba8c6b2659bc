"""The shapes of keys, tokens and passwords: what can be known as a secret by its look or by its name.

Where a pattern has a group, the group is the secret, and the rest is what it is known by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_START = r"(?<![A-Za-z0-9])"
_WITH_DIGIT = r"(?=[\w.~+/%-]*\d)"
_SHAPES: dict[str, str] = {
    "token of Hugging Face": _START + r"(?:hf|api_org)_[A-Za-z0-9]{16,}",
    "key of OpenAI, Anthropic, OpenRouter or another that begins with sk-": _START
    + r"sk-(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{12,}",
    "key of a service": _START
    + r"(?:gsk_|xai-|pplx-|r8_|nvapi-|fw_|tgp_v1_|csk-|[rs]k_live_|gl[a-z]{2,4}-|npm_)(?=[\w-]*\d)[\w-]{20,}",
    "key of Google": _START + r"(?:AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})",
    "token of GitHub": _START + r"(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})",
    "key of AWS": _START + r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])",
    "key of Azure": r"(?:AccountKey|SharedAccessKey|SharedAccessSignature|[?&]sig)=([\w+/=%-]{20,})",
    "token of ModelScope": _START + r"ms-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "key of Weights & Biases": r"(?i)\b(wandb_v1_[\w-]{20,})|\bwandb\b.{0,40}?(?<![0-9a-z])([0-9a-f]{40})(?![0-9a-z])",
    "address of a chat's webhook": r"(?i)https://(?:open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v\d/hook/[\w-]+"
    r"|hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]+|(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]+"
    r"|[\w.-]+\.webhook\.office\.com/[^\s\"'<>]+|oapi\.dingtalk\.com/robot/send\?access_token=\w+"
    r"|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[\w-]+)",
    "token of Slack": _START + r"xox[a-z]-[\w-]{10,}|" + _START + r"xapp-\d-[\w-]{10,}",
    "address with a password": r"(?i)(?<![a-z0-9])[a-z][a-z0-9+.-]{1,20}://([^\s/:@\"'<>{}]*:[^\s/@\"'<>{}]+|[\w.~%-]{16,})@",
    "private key": r"BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY",
    "web token": _START + r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*",
    "credentials of a request": rf"(?i)\b(?:bearer|basic)\s+({_WITH_DIGIT}[\w.~+/=-]{{16,}})",
}
_NAMES = (
    r"(?:api|access|account|secret|private|master|service|auth|lark|bot)_?keys?|key_?id|tokens?|secrets?"
    r"|passwords?|passwd|passphrase|credentials?|webhook(?:_?url)?|pat"
)
_NAMED = rf"(?i)(?<![a-z])(?:{_NAMES})(?![a-z])[\"'\\\]]*\s{{0,3}}[:=|]{{1,2}}\s{{0,3}}[\"'\\]*"
_VALUE = r"((?=[\w+/=.~%-]*\d)(?=[\w+/=.~%-]*[A-Za-z])[\w+/=.~%-]{16,})"
_SHAPES["value whose name says that it is a secret"] = _NAMED + _VALUE
_COMPILED = {kind: re.compile(shape) for kind, shape in _SHAPES.items()}
_SECRET_NAME = re.compile(
    r"(?i)(?:key|token|secret|password|passwd|passphrase|credential|webhook|cookie|jwt)s?(?![a-z])"
    r"|(?:^|[_.-])(?:lark|(?:pass|pat|pwd|auth|dsn)$)"
)
_NO_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:[beu]o[st]|pad|unk|sep|cls|mask|image|video|audio|special|added|extra|average|effective|num|max|min|new|skip|per|input|add)\w*_tokens?"
    r"|^pwd$"
)
"""Tokens of a vocabulary, and numbers of them; the working directory."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of a text that looks like a secret, half-open.

    Attributes:
        kind: What it looks like, in words.
        start: Position of its first character.
        end: Position after its last character.
    """

    kind: str
    start: int
    end: int


def shapes_in(text: str) -> Iterator[Shape]:
    """Yield the parts of a text that look like secrets; parts may overlap."""
    for kind, shape in _COMPILED.items():
        for found in shape.finditer(text):
            group = found.lastindex or 0
            yield Shape(kind, found.start(group), found.end(group))


def is_secret_name(name: str) -> bool:
    """Return whether the name of a variable, an option or a key says that its value is a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NO_SECRET_NAME.search(name)
