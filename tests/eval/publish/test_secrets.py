"""A folder that holds something like a secret is refused, with the place and never the value."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from secrets_of_all_kinds import SECRETS

from llms_meet_ner import LmnError
from llms_meet_ner.eval.publish.secrets import check_folder, check_words, suspects_in
from llms_meet_ner.masking import keep_secret
from llms_meet_ner.rendering.markdown import escaped


def refused(folder: Path, *not_secret: str) -> str:
    with pytest.raises(LmnError) as caught:
        check_folder(folder, sorted(path.name for path in folder.iterdir()), not_secret)
    return str(caught.value)


def test_place_and_key_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"x": 1, "note": ["", {"deep": SECRETS["openai"]}]}, indent=2))
    (tmp_path / "b.txt").write_text("nothing")
    told = refused(tmp_path)
    assert told.startswith("a.json:6 (deep): looks like a key of OpenAI")
    assert told.endswith("so nothing was published; take it out, or if it is none: --not-secret a.json:6")
    check_folder(tmp_path, ["a.json", "b.txt"], ["a.json:6"])
    check_folder(tmp_path, ["b.txt"])


def test_every_place_is_named_and_the_card_has_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"x\n{SECRETS['github']}\n{SECRETS['google']}\n")
    told = refused(tmp_path)
    assert told.startswith("README.md:2: looks like a token of GitHub, so nothing was published; also README.md:2")
    assert "README.md:3: looks like a key of Google" in told
    assert told.endswith("--not-secret README.md:2; --no-corpus-text shows no sentence of the corpus")
    assert "README.md:3" in refused(tmp_path, "README.md:2")


def test_a_key_that_is_a_secret_itself_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({SECRETS["hugging face"]: SECRETS["github"]}))
    told = refused(tmp_path)
    assert SECRETS["hugging face"] not in told
    assert SECRETS["github"] not in told


@pytest.mark.parametrize(
    "written",
    ["own-S3cret/x", "own-S3cret%2Fx", base64.b64encode(b"me:own-S3cret/x").decode(), b"own-S3cret/x".hex(), r"own-S3cret\/x",
     r"own\u002dS3cret\u002fx", r"own\-S3cret/x", "own&#45;S3cret/x"],
)  # fmt: skip
def test_a_secret_of_this_process_is_refused_however_it_is_written(tmp_path: Path, written: str) -> None:
    keep_secret("own-S3cret/x", name="MY_TOKEN")
    (tmp_path / "a.txt").write_text(f"one\n{written}\n")
    told = refused(tmp_path, "a.txt:2")
    assert told == (
        "a.txt:2: holds the secret in MY_TOKEN, so nothing was published; take it out, or set another value if it is no secret"
    )


def test_escapes_of_markdown_hide_nothing() -> None:
    token = str(escaped(SECRETS["hugging face"]))
    assert "\\_" in token
    assert [suspect.place for suspect in suspects_in(f"a\n| x | {token} |\n", "README.md")] == ["README.md:2"]


def test_the_header_of_weights_is_looked_at_and_the_numbers_are_not(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"by": SECRETS["hugging face"]}}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    assert refused(tmp_path).startswith("a.safetensors (by): looks like a token of Hugging Face")
    check_folder(tmp_path, ["a.safetensors"], ["a.safetensors"])
    (tmp_path / "a.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}" + SECRETS["hugging face"].encode())
    check_folder(tmp_path, ["a.safetensors"])
    (tmp_path / "a.safetensors").write_bytes(b"\xff" * 100)
    check_folder(tmp_path, ["a.safetensors"])


def test_a_picture_with_a_secret_in_its_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n\x00tEXtComment\x00" + SECRETS["slack"].encode() + bytes(range(256))
    )
    assert "token of Slack" in refused(tmp_path)


def test_a_path_in_the_home_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text('{"path": "/home/ada/model"}')
    check_folder(tmp_path, ["a.json"])
    monkeypatch.setenv("HOME", "/home/ada")
    assert refused(tmp_path).startswith("a.json (path): holds a path in your home folder, so nothing was published")
    monkeypatch.setenv("HOME", "/srv")
    (tmp_path / "a.json").write_text('{"path": "/srv/model"}')
    check_folder(tmp_path, ["a.json"])


def test_words_that_are_sent_besides_are_looked_at() -> None:
    check_words({"--message": "Publish round 2", "--tag": None})
    with pytest.raises(
        LmnError, match=r"^--message: looks like a token of GitHub, so nothing was published; take it out$"
    ):
        check_words({"--message": f"with {SECRETS['github']}"})
