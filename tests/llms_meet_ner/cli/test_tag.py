"""`lmn-tag`: lines in, marked lines, JSON or columns out, and one line for a mistake."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_openai import fake_server
from in_terminal import in_terminal
from paths import ROOT
from standins import SPEC, stand_in_load

import llms_meet_ner
from llms_meet_ner import get_format
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.prompting.spec import TemplatePieces
from llms_meet_ner.tagging.loading import load
from llms_meet_ner.tagging.tagger import CHUNK_SENTENCES
from llms_meet_ner.tags import decode

README, PAGE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/tagging.md"))


def call(*words: str, stdin: str | bytes = "", code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_tag, list(words), input=stdin)
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture
def stood_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)


@pytest.mark.usefixtures("stood_in")
def test_command_reads_files_and_standard_input(workdir: Path) -> None:
    source = "\ufeffAnna came.  Kent won.\r\n\r\n  no\u2028one \nLast Line"
    (workdir / "news.txt").write_text(source, encoding="utf-8", newline="")
    expected = "[Anna | LOC] came.  [Kent | LOC] won.\n\n  no\u2028one \n[Last Line | PER]\n"
    assert call("--adapter", "x", "news.txt").stdout == expected
    assert call("--adapter", "x", "-", stdin=source.encode()).stdout == expected
    rows = [json.loads(line) for line in call("--adapter", "x", "--format", "json", "news.txt").stdout.split("\n")[:-1]]
    assert [row["text"] for row in rows] == ["Anna came.  Kent won.", "", "  no\u2028one ", "Last Line"]
    assert [entity["start"] for entity in rows[0]["entities"]] == [0, 12]
    columns = call("--adapter", "x", "--format", "conll", "--tokens", stdin="Anna came.  Kent\n\n-DOCSTART-\n").stdout
    assert columns == "Anna\tB-LOC\ncame.\tO\nKent\tB-LOC\n\n-DOCSTART-\tO\n\n"
    assert call("--adapter", "x", "--out", "new/out.txt", "news.txt").stdout == ""
    assert (workdir / "new/out.txt").read_text(encoding="utf-8") == expected


def test_what_people_should_know_is_said_beside_the_output(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def remarking(*words: object, **options: object) -> object:
        return replace(stand_in_load(*words, **options), remark="computes in bfloat16")

    monkeypatch.setattr("llms_meet_ner.cli.tag.load", remarking)
    result = call("--adapter", "x", stdin="Anna came.\n")
    assert (result.stdout, result.stderr) == ("[Anna | LOC] came.\n", "computes in bfloat16\n")


@pytest.mark.usefixtures("stood_in")
def test_a_language_does_not_go_with_tokens() -> None:
    refused = call("--adapter", "x", "--tokens", "--language", "de", stdin="Anna came.\n", code=2)
    assert "--language is for finding sentences and tokens; with --tokens, lines and spaces say them" in refused.stderr
    assert call("--adapter", "x", "--language", "de", stdin="Anna came.\n").stdout == "[Anna | LOC] came.\n"


@pytest.mark.usefixtures("stood_in")
def test_bad_input_is_one_line(workdir: Path) -> None:
    bad = call("--adapter", "x", stdin="fine\n\nstra\xdfe\n".encode("latin-1"), code=1)
    assert re.fullmatch(r"Error: <\w*>:3: not UTF-8 \(.* at byte 5\); convert it first: .*\n", bad.stderr)
    (workdir / "kept.txt").write_text("kept")
    call("--adapter", "x", "--out", "kept.txt", stdin=b"\xff", code=1)
    assert (workdir / "kept.txt").read_text() == "kept"
    assert "No such file" in call("--adapter", "x", "nowhere.txt", code=2).stderr
    assert "\n  lmn-tag --adapter outputs/demo_smollm2 news.txt\n" in call("--help").stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import llms_meet_ner.cli.tag as tag_cli, standins; tag_cli.load = standins.stand_in_load; "
        "tag_cli.main(['--adapter', 'x', '--tokens'])"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=ROOT / "tests" / "support",
    )  # fmt: skip
    assert writer.stdin
    assert writer.stdout
    assert writer.stderr
    writer.stdin.write(b"Anna came\n" * CHUNK_SENTENCES)
    writer.stdin.flush()
    assert writer.stdout.readline() == b"[Anna | LOC] came\n"
    writer.stdout.close()
    with suppress(BrokenPipeError):
        writer.stdin.write(b"Anna came\n" * CHUNK_SENTENCES * 40)
    with suppress(BrokenPipeError):
        writer.stdin.close()
    assert writer.stderr.read() == b""
    assert writer.wait() == 1


def test_the_readme_and_the_first_commands_of_the_page(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"^    from llms_meet_ner import load\n(?:    .*\n)+", README, re.M)
    monkeypatch.setattr(llms_meet_ner, "load", stand_in_load)
    exec(compile(re.sub(r"^    ", "", code, flags=re.M), "README.md", "exec"), {})
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)
    for name in ("news.txt", "tokenised.txt"):
        (workdir / name).write_text("Anna came .\n")
    commands = [line for line in PAGE.partition("\n## Tables")[0].splitlines() if line.startswith("lmn-tag")]
    said = "".join(call(*shlex.split(command, comments=True)[1:]).stdout for command in commands)
    assert said.startswith("[Anna | LOC] came .\n{")
    assert (workdir / "tagged.conll").read_text() == "Anna\tB-LOC\ncame\tO\n.\tO\n\n"


@pytest.mark.usefixtures("stood_in")
def test_tables_keep_their_fields(workdir: Path) -> None:
    (workdir / "a.csv").write_text('id;body\n07;"Anna, who\ncame"\n')
    words = ["--adapter", "x", "--field", "body", "--delimiter", ";"]
    assert call(*words, "a.csv").stdout.startswith('id;body;entities\n07;"Anna, who\ncame";"[{""start"": 0,')
    assert call(*words, "--out", "b.jsonl", "a.csv").output == ""
    assert json.loads((workdir / "b.jsonl").read_text())["id"] == "07"
    assert call(*words, "--out", "c.parquet", "b.jsonl", "--entities-field", "again").output == ""
    row = json.loads(call(*words, "--format", "jsonl", "--entities-field", "e", "c.parquet").stdout)
    assert row["entities"] == row["again"] == row["e"]
    assert "has a field 'entities' already" in call(*words, "b.jsonl", code=1).stderr
    assert call(*words, "--input-format", "csv", "--format", "jsonl", stdin="body\nKent\n").stdout.startswith(
        '{"body": "Kent", '
    )
    assert "no field 'text'; it has: id, body" in call("--adapter", "x", "b.jsonl", code=1).stderr
    assert "records left out: 1" in call("--adapter", "x", "--on-error", "skip", "b.jsonl").stderr
    assert "--restart is for --out" in call("--adapter", "x", "--restart", "b.jsonl", code=2).stderr


def test_a_mistake_in_a_file_is_told_before_a_model_is_loaded(workdir: Path) -> None:
    (workdir / "a.csv").write_text("id,body\n")
    assert "no field 'text'; it has: id, body" in call("--adapter", "nowhere", "a.csv", code=1).stderr
    assert "not one character" in call("--adapter", "nowhere", "--delimiter", ";;", "a.csv", code=1).stderr


def test_entities_below_a_minimum_confidence_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def sure(model: str, *, min_confidence: float | None, **options: object) -> object:
        return replace(stand_in_load(model, **options), min_confidence=min_confidence)  # type: ignore[arg-type]

    monkeypatch.setattr("llms_meet_ner.cli.tag.load", sure)
    assert (
        call("--adapter", "x", "--min-confidence", "0.5", stdin="Anna saw Kent\n").stdout == "[Anna | LOC] saw Kent\n"
    )
    assert call("--adapter", "x", "--min-confidence", "2", code=2).stderr.endswith("2.0 is not in the range 0<=x<=1.\n")


@pytest.mark.usefixtures("stood_in")
def test_a_bar_shows_on_a_terminal_how_far_a_file_is(workdir: Path) -> None:
    (workdir / "a.txt").write_text("Anna came\n" * 600)
    code, shown = in_terminal(lmn_tag, "--adapter", "x", "--out", "b.txt", "a.txt")
    assert (code, "tagging" in shown, "100%" in shown) == (0, True, True)
    assert (workdir / "b.txt").read_text() == "[Anna | LOC] came\n" * 600


def test_a_server_tags(workdir: Path) -> None:
    SPEC.save(workdir / "adapter/prompt_spec.json")
    with fake_server() as fake:
        base = ["--engine", "openai", "--base-url", fake.url]
        for named in (["--adapter", "adapter"], ["--prompt", "adapter/prompt_spec.json"], ["--corpus", "demo"]):
            assert call(*named, *base, stdin="Kent won.\n").stdout == "[Kent | PER] won.\n"
        assert "--base is for --engine local" in call("--adapter", "a", "--base", "b", *base, code=2).stderr
        assert "--template is for --engine local" in call("--corpus", "demo", "--template", "b", *base, code=2).stderr
        assert "--batch-size is for --engine local" in call("--adapter", "a", "--batch-size", "2", *base, code=2).stderr
        assert "which prompt?; name a prompt with --prompt FILE" in call(*base, code=1).stderr
    assert "Error: which model? --adapter NAME, or --engine openai with" in call(code=2).stderr


SHOTS = """\
Mark entities as [Entity | LABEL]: PER, LOC
Olli saw Rauma .
[Olli | PER] saw [Rauma | LOC] .
In Turku , Matti Virtanen slept .
In [Turku | LOC] , [Matti Virtanen | PER] slept ."""


def make_random_adapter(base: Path, folder: Path) -> None:
    """Save an adapter that changes the model a little, with a prompt whose examples an untrained model can follow."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype="float32"), config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.mul_(0.1)
    model.save_pretrained(folder)
    template = TemplatePieces("plain", (), ("{{content}}\n",), ("{{content}}\n",))
    replace(SPEC, instruction=SHOTS, template=template).save(folder / "prompt_spec.json")


def reference(base: Path, adapter: Path, sentences: list[tuple[str, ...]]) -> list[str]:
    """What the model writes, computed with transformers and peft and nothing else, sentence by sentence."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoPeftModelForCausalLM.from_pretrained(adapter, dtype="float32")
    outputs = []
    for tokens in sentences:
        prompt = tokenizer(f"{SHOTS}\n{' '.join(tokens)}\n", return_tensors="pt")
        output = model.generate(**prompt, max_new_tokens=40, do_sample=False, stop_strings="\n", tokenizer=tokenizer)
        text = tokenizer.decode(output[0, prompt.input_ids.shape[1] :], clean_up_tokenization_spaces=False)
        outputs.append(text.partition("\n")[0])
    return outputs


@pytest.mark.slow
def test_the_real_model_with_an_adapter(smollm2: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_random_adapter(smollm2, workdir / "adapter")
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", cache(load))
    lines = ["  In Vaasa\u00a0, Anna slept.  Anna saw Kent.", ""]
    (workdir / "news.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    base = ["--adapter", "adapter", "--decoding", "free", "news.txt"]
    marked = call(*base).stdout
    assert re.sub(r"\[([^\[\]|]*) \| (?:PER|LOC)\]", r"\1", marked).split("\n") == [*lines, ""]
    rows = [json.loads(line) for line in call(*base, "--format", "json").stdout.splitlines()]
    assert [row["text"] for row in rows] == lines
    found = [entity["text"] for row in rows for entity in row["entities"]]
    assert len(found) == marked.count(" | ") > 0
    blocks = [block.split("\n") for block in call(*base, "--format", "conll").stdout.removesuffix("\n\n").split("\n\n")]
    sentences = [tuple(row.split("\t")[0] for row in block) for block in blocks]
    assert sentences == [("In", "Vaasa", ",", "Anna", "slept", "."), ("Anna", "saw", "Kent", ".")]
    outputs = reference(smollm2, workdir / "adapter", sentences)
    spans = [get_format().parse(output, words, SPEC.labels).spans for output, words in zip(outputs, sentences)]
    assert [tuple(decode([row.split("\t")[1] for row in block], "IOB2")[0]) for block in blocks] == spans
    sure = [
        json.loads(line) for line in call("--adapter", "adapter", "news.txt", "--format", "json").stdout.splitlines()
    ]
    assert [row["text"] for row in sure] == lines
    assert all(0 < entity["confidence"] <= 1 for row in sure for entity in row["entities"])
    broken = workdir / "adapter/adapter_model.safetensors"
    broken.write_bytes(broken.read_bytes()[:1000])
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", load)
    error = "Error: adapter/adapter_model.safetensors: not a safetensors file, or cut off; copy it again"
    assert error in call(*base, code=1).stderr.splitlines()[-1]
