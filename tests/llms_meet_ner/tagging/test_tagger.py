"""Tagging raw text: offsets stay those of the original text, results stay in order, and nothing ends in a traceback."""

from __future__ import annotations

import json
import logging
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hostile import TOKENS
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from standins import SPEC, spans_of, stand_in_load, tagger
from strict_html import parsed

import llms_meet_ner
from llms_meet_ner import LmnError, Span, get_format
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.decoding.model import Weights, load_model
from llms_meet_ner.prompting.spec import TemplatePieces
from llms_meet_ner.rendering.text import visible_lines
from llms_meet_ner.systems.finding import find_model
from llms_meet_ner.tagging.splitting import make_splitter, split_at_spaces
from llms_meet_ner.tagging.tagger import CHUNK_SENTENCES, MAX_TOKENS, Entity, TaggedSentence, TaggedText, load
from llms_meet_ner.tags import decode

README = (ROOT / "README.md").read_text(encoding="utf-8")
NEWS = (
    "Hussain, considered surplus to England's one-day requirements, struck 158. Then Mr. Peter Müller left for Essex!"
)
SPLITTERS = {language: make_splitter(language) for language in ("en", "de", "fr", "tr", "zh", "xx")}
texts = st.text(
    st.one_of(
        st.sampled_from("aA. \t\n\r'-[]|,!?\"…/1:@#\u2028\u2029\x85\x1c\u00a0\u200b\ufeff\u0301東é🇫🇮。"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=80,
)


def call(*words: str, stdin: str | bytes = "", code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_tag, list(words), input=stdin)
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture
def stood_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)


@given(texts, st.sampled_from(sorted(SPLITTERS)))
@settings(max_examples=300, deadline=None)
def test_no_character_is_lost_in_splitting(text: str, language: str) -> None:
    check_offsets(text, SPLITTERS[language](text), re.compile(r"\s"))
    check_offsets(text, split_at_spaces(text), re.compile(r"[ \t\n\r\v\f]"))


def check_offsets(text: str, sentences: list[list[tuple[int, int]]], space: re.Pattern[str]) -> None:
    assert all(sentences)
    at = 0
    for start, end in [offsets for sentence in sentences for offsets in sentence]:
        assert at <= start < end
        assert not space.sub("", text[at:start])
        assert not space.search(text, start, end)
        at = end
    assert not space.sub("", text[at:])


@given(st.lists(texts, max_size=5), st.sampled_from(["en", "xx"]))
@settings(max_examples=200, deadline=None)
def test_offsets_are_those_of_the_original_text(inputs: list[str], language: str) -> None:
    results = tagger(None, splitter=SPLITTERS[language]).tag(inputs)
    assert [tagged.text for tagged in results] == inputs
    for tagged in results:
        marked = [
            sentence.tokens[at]
            for sentence in tagged.sentences
            for span in sentence.spans
            for at in range(span.start, span.end)
        ]
        assert marked == [
            token for sentence in tagged.sentences for token in sentence.tokens if token[0].isupper()
        ]  # fmt: skip
        assert all(tagged.text[entity.start : entity.end] == entity.text for entity in tagged.entities)
        assert without_markup(tagged) == tagged.text
        assert json.loads(json.dumps(tagged.to_dict()))["text"] == tagged.text


def without_markup(tagged: TaggedText) -> str:
    """Take out of the rendering, from the right, what it has more than the text."""
    text = tagged.brackets()
    for entity in reversed(tagged.entities):
        closing = f" | {entity.label}]"
        end = entity.end + 1 + sum(len(f"[ | {other.label}]") for other in tagged.entities if other.end <= entity.start)
        assert text[end : end + len(closing)] == closing
        start = end - len(entity.text) - 1
        assert text[start] == "["
        text = text[:start] + text[start + 1 : end] + text[end + len(closing) :]
    return text


def test_sentences_and_tokens() -> None:
    (tagged,) = tagger().tag([NEWS + "\n\nA title\n\nEnd"])
    assert [" ".join(sentence.tokens) for sentence in tagged.sentences] == [
        "Hussain , considered surplus to England 's one-day requirements , struck 158 .",
        "Then Mr. Peter Müller left for Essex !",
        "A title",
        "End",
    ]
    (german,) = tagger("de").tag(["Der CDU-Politiker Dr. Müller kam z.B. am 3. Mai. Er ging."])
    assert [len(sentence.tokens) for sentence in german.sentences] == [10, 3]


def test_what_comes_out() -> None:
    (tagged,) = tagger().tag([NEWS])
    assert tagged.brackets() == (
        "[Hussain | LOC], considered surplus to [England | LOC]'s one-day requirements, struck 158. "
        "[Then Mr. Peter Müller | PER] left for [Essex | LOC]!"
    )
    assert tagged.entities[1] == Entity(31, 38, "LOC", "England", 1 / 3)
    assert tagged.to_dict()["entities"][0] == {
        "start": 0, "end": 7, "label": "LOC", "text": "Hussain", "confidence": 0.5,
    }  # fmt: skip
    assert tagged.conll().splitlines()[-8:] == [
        "Mr.\tI-PER", "Peter\tI-PER", "Müller\tI-PER", "left\tO", "for\tO", "Essex\tB-LOC", "!\tO", "",
    ]  # fmt: skip


def test_entities_inside_each_other_and_side_by_side() -> None:
    text = "SV Essex/Kent"
    offsets = ((0, 2), (3, 8), (8, 9), (9, 13))
    spans = (Span(0, 2, "ORG"), Span(1, 2, "LOC"), Span(2, 3, "X"), Span(3, 4, "LOC"))
    tagged = TaggedText(text, (TaggedSentence(("SV", "Essex", "/", "Kent"), offsets, spans, (None,) * 4),))
    assert tagged.brackets() == "[SV [Essex | LOC] | ORG][/ | X][Kent | LOC]"
    assert tagged.conll() == "SV\tB-ORG\nEssex\tI-ORG\n/\tB-X\nKent\tB-LOC\n\n"
    with pytest.raises(ValueError, match="not an entity"):
        Entity(3, 3, "LOC", "")
    with pytest.raises(ValueError, match="4 tokens, 3 offsets"):
        TaggedSentence(("SV", "Essex", "/", "Kent"), offsets[:3])


def test_tokens_stay_as_they_are() -> None:
    sentences = [["Anna", "saw", "New York", "\u00a0"], [], ["-DOCSTART-"], ("[x", "Kent", "|", "LOC]")]
    results = tagger(None).tag_tokens(sentences)
    assert [result.tokens for result in results] == [tuple(sentence) for sentence in sentences]
    assert [result.spans for result in results] == [spans_of(sentence) for sentence in sentences]
    assert results[0].offsets[2] == (9, 17)
    for bad in ("", "a\nb", "\r"):
        with pytest.raises(LmnError, match="a token may not be empty or hold a line break"):
            tagger(None).tag_tokens([["Anna", bad]])
    with pytest.raises(LmnError, match=r"half a character \(surrogate\) at 5"):
        tagger().tag(["Anna \ud800"])


def test_batches_are_sorted_and_results_are_not() -> None:
    inputs = [f"{'Anna ' * (n % 7)}is {n}" for n in range(600)]
    stream = tagger(None, batch_size=16)
    first = next(stream.stream(iter(inputs)))
    asked = [tokens for batch in stream.system.generator.batches for tokens in batch]  # type: ignore[attr-defined]
    assert first.text == inputs[0]
    assert len(asked) == CHUNK_SENTENCES
    lengths = [len(" ".join(tokens)) for tokens in asked]
    assert lengths == sorted(lengths, reverse=True)
    assert [tagged.text for tagged in stream.tag(inputs)] == inputs
    assert max(map(len, stream.system.generator.batches)) == 16  # type: ignore[attr-defined]


def test_long_sentences_are_read_in_pieces(caplog: pytest.LogCaptureFixture) -> None:
    words = ["a"] * MAX_TOKENS + ["Anna"] + ["b"] * MAX_TOKENS + ["Vaasa", "Kuopio"]
    model = tagger(None)
    with caplog.at_level(logging.WARNING):
        (result,) = model.tag_tokens([words])
    assert result.spans == spans_of(words)
    assert max(len(tokens) for batch in model.system.generator.batches for tokens in batch) == MAX_TOKENS  # type: ignore[attr-defined]
    assert "has 515 tokens and is read in pieces of 256" in caplog.text


def test_what_the_model_cannot_hold_has_no_entities(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        results = tagger(None, window=50).tag(["Anna sang", "Base" * 10, "Vaasa"])
    assert [len(result.entities) for result in results] == [1, 0, 1]
    assert "'BaseBaseBaseBaseBaseBaseBaseBaseBaseBase'... is too long for the model" in caplog.text


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


@pytest.mark.parametrize("language", ["klingon", "char_classes", "../en", ""])
def test_unknown_languages(language: str) -> None:
    with pytest.raises(LmnError, match=r"language .*'xx' splits any language"):
        make_splitter(language)


def make_adapter(folder: Path, base: str | None = "nowhere/nothing", *, weights: bytes = b"") -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    (folder / "adapter_model.safetensors").write_bytes(weights)
    SPEC.save(folder / "prompt_spec.json")
    return folder


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub out of reach, and nothing of it at hand."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("no_hub")
def test_what_is_missing_is_told_before_the_model_is_loaded(workdir: Path) -> None:
    adapter = make_adapter(workdir / "adapter")
    hub = "no such folder, and as a Hub id it cannot be fetched"
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "some/adapter"}, rf"some/adapter: {hub} \(.*\); name another, or go online"),
        ({"name": "a/b/c"}, "a/b/c: no such folder, nor a Hub id, which is OWNER/NAME"),
        ({"name": "adapter"}, rf"nowhere/nothing, the base model of adapter: {hub} .*--base MODEL"),
        ({"name": "adapter", "base": "./gone"}, "./gone, the base model of adapter: no such folder, nor .*--base MODEL"),
        ({"name": "adapter", "prompt": Path("other.json")}, "other.json: no such file; lmn-predict writes it"),
    ]  # fmt: skip
    for arguments, message in cases:
        with pytest.raises(LmnError, match=f"^{message}"):
            find_model(**arguments)
    assert find_model("adapter", base=str(workdir)).spec == SPEC
    SPEC.without_template().save(adapter / "prompt_spec.json")
    with pytest.raises(LmnError, match=r"prompt_spec\.json: names no chat template"):
        find_model("adapter", base=str(workdir))
    (adapter / "prompt_spec.json").unlink()
    with pytest.raises(LmnError, match=r"prompt_spec\.json: no such file; .* or name one with --prompt FILE"):
        find_model("adapter")
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(LmnError, match=r"adapter_model\.safetensors: no such file; name a folder that"):
        find_model("adapter")


def test_an_adapter_that_names_no_base_or_is_damaged(workdir: Path) -> None:
    make_adapter(workdir / "adapter", None)
    with pytest.raises(LmnError, match=r"base_model_name_or_path names no model; name one with --base MODEL"):
        find_model("adapter")
    (workdir / "adapter/adapter_config.json").write_text("{")
    with pytest.raises(LmnError, match=r"adapter_config\.json:1: not JSON"):
        find_model("adapter")
    with pytest.raises(LmnError, match="no data type 'int8'"):
        load_model(Weights("x", Path("adapter")), SPEC, "int8")  # type: ignore[arg-type]
    with pytest.raises(LmnError, match="no decoding is called 'wild'"):
        load("adapter", decoding="wild")  # type: ignore[arg-type]


def test_a_hub_id_is_fetched_without_what_is_not_needed(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def snapshot_download(name: str, revision: None, allow_patterns: list[str]) -> str:
        asked[name] = allow_patterns
        return str(make_adapter(workdir / name.replace("/", "--")))

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    found = find_model("some/adapter")
    assert (found.base, found.spec) == ("nowhere/nothing", SPEC)
    assert asked == {
        "some/adapter": ["adapter_config.json", "adapter_model.safetensors", "prompt_spec.json", "config.json"],
        "nowhere/nothing": ["config.json"],
    }


def test_the_readme(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"^    from llms_meet_ner import load\n(?:    .*\n)+", README, re.M)
    monkeypatch.setattr(llms_meet_ner, "load", stand_in_load)
    exec(compile(re.sub(r"^    ", "", code, flags=re.M), "README.md", "exec"), {})
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)
    (workdir / "news.txt").write_text("Anna came.\n")
    commands = [line for line in README.splitlines() if line.startswith("lmn-tag")]
    assert commands
    for command in commands:
        assert call(*shlex.split(command, comments=True)[1:]).stdout


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
    template = TemplatePieces("plain", (), (), ("{{content}}\n",))
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
    assert f"{smollm2} with adapter: cannot be loaded: " in call(*base, code=1).stderr.splitlines()[-1]


def test_a_notebook_draws_the_entities_with_their_confidences() -> None:
    sentences = (
        TaggedSentence(("Bank", "of", "Oslo"), ((0, 4), (5, 7), (8, 12)), (Span(0, 3, "ORG"), Span(2, 3, "LOC")), (0.9, None)),
        TaggedSentence(("Anna",), ((13, 17),), (Span(0, 1, "PER"),), (0.25,)),
    )  # fmt: skip
    page = parsed(TaggedText("Bank of Oslo\nAnna left", sentences)._repr_html_())
    assert "".join(page.text).strip("\n") == "Bank of OsloLOCORG\nAnnaPER left"
    titles = [value for name, value in page.attributes if name == "title"]
    assert titles == ["confidence 0.9000", "confidence 0.2500"]


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4))
def test_hostile_words_are_drawn_as_text(words: list[str]) -> None:
    text, offsets = " ".join(words), []
    for word in words:
        start = offsets[-1][1] + 1 if offsets else 0
        offsets.append((start, start + len(word)))
    spans = tuple(Span(at, at + 1, words[-1 - at]) for at in range(len(words)))
    tagged = TaggedText(text, (TaggedSentence(tuple(words), tuple(offsets), spans, (None,) * len(spans)),))
    page = parsed(tagged._repr_html_())
    assert set(page.tags) == {"div", "span"}
    assert all("".join(page.text).count(visible_lines(word)) >= 2 for word in words)
