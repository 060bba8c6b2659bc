"""From a recipe to the Hub and back: published with the command, fetched with the real client, run as the card says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from byte_llama import save_byte_llama
from click.testing import CliRunner
from hub_server import FIRST, HubServer, point_at
from publishing import BASE, demo_sentences, save_adapter, trained

from llms_meet_ner import load
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.eval.cli.publish import main as lmn_publish

TOKEN = "hf_aVerySecretTokenOfMine1234"
COMMAND = "from llms_meet_ner.eval.cli.publish import main; main()"


def run(server: HubServer, workdir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user does, against the server."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    env |= {
        "HF_ENDPOINT": server.url,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(workdir / "home"),
        "HF_TOKEN": TOKEN,
        "CUDA_VISIBLE_DEVICES": "",
    }
    env["OMP_NUM_THREADS"] = "1"
    return subprocess.run(
        [sys.executable, "-c", *words], cwd=workdir, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def printed(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Return start, end and label of each line that a card's snippet has printed."""
    return [line.split()[:3] for line in capsys.readouterr().out.splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their names; those that begin with a dot, but for .gitattributes, are of the machine."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if not path.name.startswith(".") or path.name == ".gitattributes"
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, workdir: Path) -> Iterator[HubServer]:
    """A server that this process talks to, too."""
    from huggingface_hub import constants

    with HubServer() as started:
        point_at(started, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(workdir / "cache"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        started.writers = {TOKEN: {"me"}}
        yield started


def outputs(adapter: Path, base: Path, decoding: Any) -> list[str]:
    """Return what an adapter makes of a few sentences."""
    tagger = load(adapter, base=str(base), decoding=decoding, language=None)
    tagged = tagger.tag_tokens([sentence.tokens for sentence in demo_sentences(8)])
    return [repr(sentence.spans) for sentence in tagged]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--repo", "bad"], "--repo bad: not a Hub id; write OWNER/NAME"),
        (["--repo", "me/x", "--parent-commit", "zz"], "--parent-commit zz: a commit is 40 hexadecimal digits"),
        (["--repo", "me/x", "--tag", "v1", "--create-pr"], "--tag with --create-pr: a pull request can be tagged only after"),
        (["--repo", TOKEN], "--repo ***: not a Hub id; write OWNER/NAME"),
    ],
)  # fmt: skip
def test_a_destination_that_cannot_be_is_one_line_without_the_token(
    monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    result = CliRunner().invoke(lmn_publish, [*words, "--dry-run"])
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert result.output.startswith(f"Error: {message}")
    assert len(result.output.splitlines()) == 1
    assert TOKEN not in result.output


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (lmn_publish, ["What is published", "Repository", "Other options"]),
        (lmn_predict, ["Commands", "What is predicted", "Prediction"]),
    ],
)
def test_help_shows_first_what_the_command_is_about(command: click.Command, first: list[str]) -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    assert re.findall(r"^(\w[\w ]*):$", shown, re.M)[: len(first)] == first
    assert re.search(rf"^{first[-1]}:(\n  .*)*\n  --(recipe|split|out|dry-run|shard)\b", shown, re.M) is None


@pytest.mark.slow
def test_published_fetched_and_run(server: HubServer, workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from huggingface_hub import snapshot_download

    save_byte_llama(workdir / "base", 0.3)
    tiny = trained(workdir, base="base")
    save_adapter(workdir / "base", tiny.output)
    tiny.score()
    server.add(BASE, **{path.name: path.read_bytes() for path in (workdir / "base").iterdir()})
    options = ["--recipe", "tiny.yaml", "--repo", "me/tiny-ner", "--base-model", BASE]
    done = run(server, workdir, COMMAND, *options, "--tag", "v1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    repo = server.repos["me/tiny-ner"]
    assert done.stdout.endswith(f"{server.url}/me/tiny-ner/commit/{repo.tags['v1']}, tag v1\n")
    built = contents(tiny.output / "hub")
    assert repo.commits[repo.tags["v1"]] == FIRST | built
    again = CliRunner().invoke(lmn_publish, options)
    assert again.output.endswith(f"all files are already there, so no commit was made (at {repo.tags['v1']})\n")
    fetched = Path(snapshot_download("me/tiny-ner", revision="v1"))
    assert contents(fetched) == FIRST | built
    (workdir / "base").rename(workdir / "moved")  # nothing may be read from here
    snippet = re.findall(r"```python\n(.*?)```", built["README.md"].decode(), re.S)[0]
    capsys.readouterr()
    exec(compile(snippet, "README.md", "exec"), {})
    text = eval(re.findall(r"tagger\.tag\(\[(.*)\]\)", snippet)[0])
    here = load(tiny.output, base=str(workdir / "moved")).tag([text])[0].entities
    assert printed(capsys) == [[str(e.start), str(e.end), e.label] for e in here]
    assert here


@pytest.mark.slow
@pytest.mark.parametrize("decoding", ["constrained", "free"])
def test_rounded_weights_predict_the_same(workdir: Path, decoding: str) -> None:
    from llms_meet_ner.eval.publish.weights import write_adapter

    save_byte_llama(workdir / "base", 0.3)
    tiny = trained(workdir, base="base")
    save_adapter(workdir / "base", tiny.output)
    (workdir / "rounded").mkdir()
    for path in tiny.output.glob("*.json"):
        (workdir / "rounded" / path.name).write_bytes(path.read_bytes())
    rounded = write_adapter(tiny.output, workdir / "rounded")
    expected = outputs(tiny.output, workdir / "base", decoding)
    assert outputs(workdir / "rounded", workdir / "base", decoding) == expected
    assert any("Span" in spans for spans in expected) or decoding == "free"
    assert rounded.dtype == "bfloat16"
    assert rounded.files[0][1] != rounded.trained_sha256


@pytest.mark.slow
def test_a_merged_model_is_published_and_its_snippet_runs(
    server: HubServer, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_byte_llama(workdir / "base", 0.3)
    tiny = trained(workdir, base="base")
    save_adapter(workdir / "base", tiny.output)
    server.add(BASE)
    options = ["--recipe", "tiny.yaml", "--repo", "me/whole", "--base-model", BASE, "--merged", "--keep-float32"]
    done = CliRunner().invoke(lmn_publish, options)
    assert done.exit_code == 0, done.output
    files = server.repos["me/whole"].commits[server.repos["me/whole"].branches["main"]]
    assert {"config.json", "model.safetensors", "prompt_spec.json", "tokenizer.json", "README.md"} <= files.keys()
    assert not {"adapter_model.safetensors", "adapter_config.json"} & files.keys()
    assert files["chat_template.jinja"] == files["serving_template.jinja"]
    assert json.loads(files["config.json"])["dtype"] == "float32"
    assert str(workdir) not in files["config.json"].decode()
    card = files["README.md"].decode()
    assert "library_name: transformers" in card
    assert "base_model_relation: finetune" in card
    snippet = re.findall(r"```python\n(.*?)```", card, re.S)[0]
    capsys.readouterr()
    exec(compile(snippet, "README.md", "exec"), {})
    text = eval(re.findall(r"tagger\.tag\(\[(.*)\]\)", snippet)[0])
    here = load(tiny.output, base="base").tag([text])[0].entities
    assert printed(capsys) == [[str(e.start), str(e.end), e.label] for e in here]


def test_what_the_card_of_the_corpus_lacks_is_named_at_once_before_anything_else(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    trained(workdir)
    card = "name: demo\nlanguage: en\nsplits: {train: a}\nreader: {type: columns, scheme: IO}\nlabels: [{name: X}]\ndocstart: none\n"
    (workdir / "mine.yaml").write_text(card)
    info = workdir / "data/alpaca/dataset_info.json"
    info.write_text(info.read_text().replace('"card": "demo"', '"card": "mine.yaml"'))
    words = ["--recipe", "tiny.yaml", "--repo", "me/x"]
    result = CliRunner().invoke(lmn_publish, words)
    told = (
        "mine.yaml: the card of the corpus does not give title, licence, citation, which the model card needs; add them"
    )
    assert (result.exit_code, result.output.startswith(f"Error: {told}")) == (1, True)
    assert not (workdir / "outputs/tiny/hub").exists()
    result = CliRunner().invoke(lmn_publish, [*words, "--dry-run"])
    assert result.output.startswith(f"Warning: {told}")
    assert (workdir / "outputs/tiny/hub/README.md").read_text().count("not known") >= 2
    (workdir / "mine.yaml").write_text(card + "title: t\nlicence: l\ncitation: c\n")
    assert told not in CliRunner().invoke(lmn_publish, [*words, "--dry-run"]).output
