"""Lengths of training examples, compared with what LLaMA-Factory itself makes of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from byte_llama import save_byte_llama
from hub_server import HubServer, point_at
from small_tokenizers import byte_level

from llms_meet_ner import LabelSet, LmnError, PromptSpec, Sentence
from llms_meet_ner.launching import lengths
from llms_meet_ner.launching.lengths import Cutoff, Messages, SplitLengths
from llms_meet_ner.sentence import Where
from llms_meet_ner.training.recipe import Recipe

SPEC = PromptSpec("bracketed", "short", "Mark entities as [Entity | LABEL]: PER, LOC", LabelSet.of("PER", "LOC"))
EXAMPLES = [
    (Sentence("c/train/0", ("Ada", "left")), "[Ada | PER] left"),
    (Sentence("c/train/1", ("left",) * 60, where=Where("a.txt", 7)), "left " * 59 + "left"),
    (Sentence("c/train/2", ("Ada",) * 9), "[Ada | PER] " * 40),
    (Sentence("c/train/3", ("東京",) * 9), "[東京 | LOC] " * 9),
]


def recipe(**keys: Any) -> Recipe:
    known = {"model_name_or_path": "no/such-model", "template": "default", "dataset": "d", "output_dir": "o"}
    return Recipe(Path("r.yaml"), {**known, **keys})


def trained_on(spec: PromptSpec, sentence: Sentence, output: str, cutoff: int, template: str) -> tuple[int, int]:
    """Return the number of tokens that LLaMA-Factory trains with, and the number of those that it learns to write."""
    from llamafactory.data.processor.supervised import SupervisedDatasetProcessor
    from llamafactory.data.template import TEMPLATES

    tokenizer, chosen = copy.deepcopy(byte_level()), copy.copy(TEMPLATES[template])
    chosen.fix_special_tokens(tokenizer)
    options = SimpleNamespace(cutoff_len=cutoff, mask_history=False, train_on_prompt=False)
    processor = SupervisedDatasetProcessor(chosen, tokenizer, None, options)
    system, user = spec.messages(sentence.text)
    turn = {"role": "user", "content": user}, {"role": "assistant", "content": output}
    ids, labels = processor._encode_data_example([turn[0]], [turn[1]], system, None, [], [], [])
    return len(ids), sum(label != -100 for label in labels)


@pytest.mark.parametrize(
    ("template", "cutoff"), [("default", 64), ("alpaca", 100), ("gemma2", 90), ("qwen3", 80), ("bailing", 150)]
)
def test_what_is_cut_is_what_llamafactory_cuts(template: str, cutoff: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "_tokenizer_of", lambda recipe, fetch: copy.deepcopy(byte_level()))
    found = Cutoff.of(recipe(template=template, cutoff_len=cutoff), SPEC)
    counted = SplitLengths(found)
    expected = []
    for sentence, output in EXAMPLES:
        counted.add(sentence, output)
        whole, kept = (trained_on(SPEC, sentence, output, most, template) for most in (100_000, cutoff))
        if kept != whole:
            expected.append((whole[0], kept[1] < whole[1]))
            left = counted.first[-1].kept
            assert left is not None
            assert left.total + found.beside == kept[0]
    assert (found.estimated, counted.examples, counted.cut) == ("", 4, len(expected))
    assert [one.length.total + found.beside for one in counted.first] == [whole for whole, _ in expected]
    assert counted.shortened == sum(loses for _, loses in expected)
    assert counted.cut > 0
    monkeypatch.setitem(found.recipe.values, "cutoff_len", counted.longest)
    enough = SplitLengths(Cutoff.of(found.recipe, SPEC))
    for sentence, output in EXAMPLES:
        enough.add(sentence, output)
        size = trained_on(SPEC, sentence, output, counted.longest, template)
        assert size == trained_on(SPEC, sentence, output, 100_000, template)
    assert enough.cut == 0


def test_the_tokens_that_all_examples_share_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "_tokenizer_of", lambda recipe, fetch: copy.deepcopy(byte_level()))
    counted = SplitLengths(Cutoff.of(recipe(cutoff_len=100)))
    examples = [Messages("", user, user) for user in ("Mark: Ada", "Mark: Anna left", "Mark: " + "x" * 300)]
    for example in examples:
        counted.add_example("place", example)
    assert counted.cutoff.encode is not None
    rows = [[*prompt, *answer] for prompt, answer in map(counted.cutoff.encode, examples)]
    shared = counted.shared_tokens
    assert shared > 5
    assert len({tuple(row[:shared]) for row in rows}) == 1
    assert len({row[shared] for row in rows}) > 1
    assert counted.tokens == len(rows[0]) + len(rows[1]) + 100
    assert counted.cut == 1
    monkeypatch.undo()
    estimated = SplitLengths(Cutoff.of(recipe()))
    for user in ("Mark: Ada", "Mark: Bob"):
        estimated.add_example("a", Messages("", user, user))
    assert estimated.shared_tokens == 16 + 2


def test_without_a_tokenizer_lengths_are_estimated_and_said_to_be() -> None:
    found = Cutoff.of(recipe(cutoff_len=60), SPEC)
    assert found.estimated == "the tokenizer of no/such-model is not on this machine"
    counted = SplitLengths(found)
    for sentence, output in EXAMPLES:
        counted.add(sentence, output)
    assert counted.lines("train") == [
        "train: cutoff_len 60 cuts about 3 of 4 examples; the longest has about 231 tokens: c/train/1 (a.txt:7); "
        "cutoff_len=231 probably cuts none",
        "    c/train/1 (a.txt:7): about 231 tokens",
        "    c/train/2: about 203 tokens",
        "    c/train/3: about 103 tokens",
    ]
    assert (
        SplitLengths(Cutoff.of(recipe(), SPEC))
        .lines("dev")[0]
        .startswith("dev: cutoff_len 2,048 cuts probably none of 0 examples")
    )


def test_a_cutoff_or_a_template_that_there_is_not_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("x", 0, True, 12.5):
        with pytest.raises(LmnError, match="and not a number of tokens; write cutoff_len: 2048"):
            Cutoff.of(recipe(cutoff_len=value), SPEC)
    monkeypatch.setattr(lengths, "_tokenizer_of", lambda recipe, fetch: copy.deepcopy(byte_level()))
    with pytest.raises(LmnError, match=r"r\.yaml: LLaMA-Factory has no template 'nope'; name one that it has"):
        Cutoff.of(recipe(template="nope"), SPEC)
    assert Cutoff.of(recipe(neat_packing=True), SPEC).beside == 1


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """A Hub with a private model whose branch `old` has another tokenizer; nothing of it is on this machine."""
    from huggingface_hub import constants

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_login"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    save_byte_llama(tmp_path / "bytes")
    byte_level().save_pretrained(tmp_path / "other")
    names = ("tokenizer.json", "tokenizer_config.json")
    files, other = ({name: (tmp_path / folder / name).read_bytes() for name in names} for folder in ("bytes", "other"))
    config = {"config.json": (tmp_path / "bytes/config.json").read_bytes()}
    with HubServer() as server:
        point_at(server, monkeypatch)
        server.writers = {"hf_aTokenOfMine123456": {"me"}}
        repo = server.add("me/model", private=True, **files, **config, **{"model.safetensors": b"weights"})
        repo.commit("old", {**other, **config}, "another tokenizer")
        yield server


def counted(*examples: str, **keys: Any) -> SplitLengths:
    found = SplitLengths(Cutoff.of(recipe(**keys), fetch=True))
    for user in examples:
        found.add_example("a", Messages("", user, user))
    return found


def test_a_tokenizer_that_is_not_here_yet_is_fetched_without_the_weights(hub: HubServer, tmp_path: Path) -> None:
    keys = {"model_name_or_path": "me/model", "hf_hub_token": "hf_aTokenOfMine123456"}
    assert Cutoff.of(recipe(**keys)).estimated == "the tokenizer of me/model is not on this machine"
    assert not hub.requests
    here = counted("Mark: Ada", model_name_or_path=str(tmp_path / "bytes"))
    assert here.cutoff.estimated == ""
    found = counted("Mark: Ada", **keys)
    assert (found.cutoff.estimated, found.tokens) == ("", here.tokens)
    assert Cutoff.of(recipe(**keys)).estimated == ""
    assert not hub.count("GET", "safetensors")
    old = counted("Mark: Ada", **keys, model_revision="old")
    assert (old.cutoff.estimated, old.tokens) == (
        "",
        counted("Mark: Ada", model_name_or_path=str(tmp_path / "other")).tokens,
    )
    assert old.tokens != found.tokens
    elsewhere = counted("Mark: Ada", **keys, cache_dir=str(tmp_path / "elsewhere"))
    assert elsewhere.tokens == found.tokens
    assert list((tmp_path / "elsewhere").rglob("tokenizer.json"))


def test_a_tokenizer_that_cannot_be_fetched_is_estimated(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    refused = counted("Mark: Ada", model_name_or_path="me/model", hf_hub_token="aTokenOfOthers-9876543")
    assert refused.cutoff.estimated.startswith(
        "the tokenizer of me/model cannot be fetched (no such folder, and as a Hub id it cannot be fetched ("
    )
    assert "aTokenOfOthers-9876543" not in refused.cutoff.estimated
    monkeypatch.setenv("USE_MODELSCOPE_HUB", "1")
    assert counted(model_name_or_path="me/model").cutoff.estimated == "LLaMA-Factory fetches me/model from ModelScope"
    monkeypatch.delenv("USE_MODELSCOPE_HUB")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    before = len(hub.requests)
    assert "not in the cache of the Hub" in counted(model_name_or_path="me/model").cutoff.estimated
    assert len(hub.requests) == before


def test_keys_that_change_the_tokenizer_leave_lengths_estimated(tmp_path: Path) -> None:
    save_byte_llama(tmp_path)
    for key, value in (("add_tokens", "<x>"), ("split_special_tokens", True), ("use_fast_tokenizer", False)):
        found = counted(model_name_or_path=str(tmp_path), **{key: value})
        assert found.cutoff.estimated == f"{key} changes the tokenizer of {tmp_path}"
    assert counted(model_name_or_path=str(tmp_path), split_special_tokens=False).cutoff.estimated == ""


def test_the_sample_is_drawn_from_all_examples_as_they_are_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "_tokenizer_of", lambda recipe, fetch: copy.deepcopy(byte_level()))
    monkeypatch.setattr(lengths, "_SAMPLED", 20)
    users = [f"Mark: {number:03}" + "x" * 90 * (number % 4 == 0) for number in range(200)]
    found = counted(*users, cutoff_len=60)
    assert len(found.sample) == 20
    assert found.cutoff.encode is not None
    rows = {tuple(a + b): len(a) for a, b in (found.cutoff.encode(Messages("", user, user)) for user in users)}
    assert max(len(example.tokens) for example in found.sample) == 60
    for example in found.sample:
        if len(example.tokens) < 60:
            prompt = rows[example.tokens]
            assert example.labels == (-100,) * prompt + example.tokens[prompt:]
    places = [list(rows).index(example.tokens) for example in found.sample if example.tokens in rows]
    assert max(places) > 150
    assert min(places) < 50


def test_a_tokenizer_that_cannot_be_loaded_is_estimated_too(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    assert "cannot be loaded" in Cutoff.of(recipe(model_name_or_path=str(tmp_path)), SPEC).estimated
