"""A secret that is kept turns up nowhere, however it is written, and what users write stays as it is."""

from __future__ import annotations

import base64
import html
import io
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from secrets_of_all_kinds import SECRETS

from llms_meet_ner.masking import (
    MaskedFile,
    keep_address,
    keep_environment,
    keep_secret,
    keep_shapes,
    keep_words,
    masked,
    masked_echo,
    secret_names_in,
)  # fmt: skip
from llms_meet_ner.rendering.markdown import escaped

SECRET = 'p/w_ "1" ü&'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        html.escape(SECRET),
        str(escaped(SECRET)),
        SECRET.encode().hex(),
        base64.b64encode(f"me:{SECRET}".encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_every_way_to_write_a_secret_is_masked(written: str) -> None:
    keep_secret(SECRET, user="me")
    assert masked(f"before {written} after") == "before *** after"


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
def test_base64_of_a_text_around_a_secret_is_masked(before: str) -> None:
    keep_secret("s3cr3t-of-mine")
    code = base64.b64encode(f"{before}s3cr3t-of-mine and more".encode()).decode()
    assert "***" in masked(code)
    assert b"3cr3t" not in base64.b64decode(masked(code).partition("***")[0] + "====")


@pytest.mark.parametrize(
    "value",
    ["none", "EMPTY", "ollama", "lm-studio", "not-needed", "secret", "123456", "2024-02-01", "token-abc123", " "],
)
def test_a_key_that_is_a_word_leaves_text_alone(value: str) -> None:
    keep_secret(value, user="me")
    assert masked(f"the {value} of it") == f"the {value} of it"


def test_a_password_that_is_a_word_is_masked_where_nothing_else_can_be_meant() -> None:
    keep_secret("secret", user="me")
    assert masked("http://me:secret@host says secret") == "http://me:***@host says secret"
    assert masked(f"Basic {base64.b64encode(b'me:secret').decode()}") == "Basic ***"
    assert masked_echo("wrong password secret, secretary") == "wrong password ***, secretary"


def test_nothing_is_kept_of_an_empty_value() -> None:
    keep_secret(None)
    keep_secret("")
    assert masked("all of it") == "all of it"


@pytest.mark.parametrize("kind", SECRETS)
def test_what_a_server_sent_is_masked_by_its_look(kind: str) -> None:
    shown = masked_echo(f"model {SECRETS[kind]} is there, and {SECRETS[kind]}")
    assert shown.startswith("model ")
    assert SECRETS[kind] not in shown
    assert SECRETS[kind][-8:] not in shown or kind in (
        "private key",
        "private key of rsa",
        "basic auth",
        "address with a token",
    )


def test_a_key_in_the_name_of_a_model_is_masked() -> None:
    keep_shapes(f"gateway/{SECRETS['openai']}/gpt-4o")
    assert masked(f"no model gateway/{SECRETS['openai']}/gpt-4o") == "no model gateway/***/gpt-4o"


def test_secrets_on_the_command_line_are_masked() -> None:
    keep_words(
        [
            "--served-model",
            f"gateway/{SECRETS['openai']}/gpt-4o",
            "hub_token=abcdef1",
            "--base-url=http://me:hunter2@host/v1",
        ]
    )
    shown = masked(
        f"no model gateway/{SECRETS['openai']}/gpt-4o, abcdef1, hunter2; --base-url=http://me:hunter2@host/v1"
    )
    assert shown == "no model gateway/***/gpt-4o, ***, ***; --base-url=http://me:***@host/v1"


@pytest.mark.parametrize(
    ("address", "echo", "shown"),
    [
        ("http://me:hunter2@host/v1", "hunter2", "***"),
        ("http://me:pa%2Fss1%40@host/v1", "pa/ss1@ pa%2Fss1%40", "*** ***"),
        ("http://tokenOfMine1@host/v1", "tokenOfMine1", "***"),
        ("http://host/v1?api_key=K3yOfMine&api-version=2024-02-01", "K3yOfMine 2024-02-01", "*** 2024-02-01"),
        ("http://host/v1?x=long0value0of0no0name", "long0value0of0no0name", "long0value0of0no0name"),
        ("http://[bad", "bad", "bad"),
    ],
)
def test_secrets_of_an_address(address: str, echo: str, shown: str) -> None:
    keep_address(address)
    assert masked(echo) == shown


def test_secrets_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_ofTheLogin123\n")
    (tmp_path / "stored_tokens").write_text("[mine]\nhf_token = hf_ofAnotherLogin1\n")
    keep_environment(
        {
            "OPENAI_API_KEY": "k3y-of-mine", "API_KEYS": "f1rst-one, s3cond-one", "HTTPS_PROXY": "http://u:pr0xy-pw@proxy:3128",
            "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path), "HF_HOME": str(tmp_path), "LANG": "C.UTF-8-x1",
            "PEM_SECRET": "-----BEGIN-----\nbGluZTFsaW5lMWxpbmUxbGluZTE\n-----END-----",
        }
    )  # fmt: skip
    shown = "k3y-of-mine f1rst-one s3cond-one pr0xy-pw hf_ofTheLogin123 hf_ofAnotherLogin1 bGluZTFsaW5lMWxpbmUxbGluZTE"
    assert masked(shown) == " ".join(["***"] * 7)
    assert masked(f"{tmp_path} C.UTF-8-x1") == f"{tmp_path} C.UTF-8-x1"
    assert secret_names_in(shown) == [
        str(tmp_path / "stored_tokens"), str(tmp_path / "token"), "API_KEYS", "HTTPS_PROXY", "OPENAI_API_KEY", "PEM_SECRET",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_secret_that_is_cut_over_two_writes_is_masked_in_a_file(size: int) -> None:
    keep_secret("s3cr3t-of-mine")
    file, text = io.StringIO(), "a s3cr3t-of-mine b\n\ns3cr3t-of-mine\nend s3cr3t-of-mine"
    masking_file = MaskedFile(file)
    for start in range(0, len(text), size):
        piece = text[start : start + size]
        assert masking_file.write(piece) == len(piece)
    masking_file.finish()
    assert file.getvalue() == "a *** b\n\n***\nend ***"
