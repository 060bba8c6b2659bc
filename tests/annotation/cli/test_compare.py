"""`lmn-annotate compare`."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from annotating import PRICES, annotate, with_server
from fake_openai import Answer, Fake, chat
from strict_html import Page

from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.formats import get_format


def compared(fake: Fake, *words: str, code: int = 0) -> str:
    base = ["demo", "--split", "testb", "--engine", "openai", "--base-url", fake.url, "--out", "cmp"]
    return annotate("compare", *base, *words, code=code).output


def test_templates_are_scored_on_one_sample_and_paid_for_once(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES)
    gold = {sentence.text: sentence for sentence in read_corpus("demo", "testb")}
    used = {"prompt_tokens": 50, "completion_tokens": 20}

    def answer(source: str, times: int) -> Answer:
        tokens = source.split("` `") if source.startswith("`") else source.split()
        sentence = gold[" ".join(token.strip("`") if source.startswith("`") else token for token in tokens)]
        if not source.startswith("`"):
            return chat(get_format().render(sentence), usage=used)
        if int(sentence.id.rpartition("/")[2]) % 2:
            return chat('{"tokens": ["x"], "ner_tags": []}', usage=used)
        return chat(get_format("tags").render(sentence), usage=used)

    fake.before = answer
    words = [
        "--sample",
        "10",
        "--template",
        "bracketed",
        "--template",
        "published+definitions",
        "--prices",
        "prices.yaml",
    ]
    said = compared(fake, *words)
    assert len(fake.requests) == 20
    row = json.loads(Path("cmp/comparison.json").read_text())
    assert (row["corpus"], row["split"], row["sentences"]) == ("demo", "testb", 10)
    first, second = row["rows"]
    assert (first["name"], first["micro"]["f1"], first["statuses"]) == ("bracketed", 1.0, {"exact": 10})
    assert second["unreadable"] == {"miscounted": second["statuses"]["failed"]}
    assert second["micro"]["precision"] == 1.0
    assert second["difference"][0] == second["micro"]["f1"] - 1
    assert first["bill"]["cost"] == 10 * (50 * 100 + 20 * 1000) / 1e6
    lines = said.splitlines()
    start = lines.index("Scores and cost")
    assert lines[start + 2].split()[:2] == ["bracketed", "1.0000"]
    assert lines[start + 3].split()[0] == "published+definitions"
    assert "cmp/comparison.html" in said
    page = Page()
    page.feed(Path("cmp/comparison.html").read_text())
    assert page.tags["table"] == 3
    assert "published+definitions" in "".join(page.text)
    compared(fake, *words)
    assert len(fake.requests) == 20


def test_examples_are_shown_by_the_templates_that_ask_for_them(fake: Fake, workdir: Path) -> None:
    words = ["--limit", "2", "--examples-from", "demo", "--template", "bracketed", "--template", "bracketed+nearest2"]
    compared(fake, *words)
    assert sorted(len(request["messages"]) for request in fake.requests) == [1, 1, 5, 5]


def test_corpora_that_others_have_labelled_stand_beside(fake: Fake, workdir: Path) -> None:
    with_server(fake, "demo", "--split", "testb", "--limit", "8", "--template", "xml", "--out", "llm")
    said = compared(fake, "--limit", "5", "--also", "llm")
    assert [row["name"] for row in json.loads(Path("cmp/comparison.json").read_text())["rows"]] == ["bracketed", "llm"]
    assert "llm" in said
    assert "llm: has no answer to demo/testb/8" in compared(fake, "--limit", "9", "--also", "llm", code=1)


def test_what_cannot_be_compared_is_an_error(fake: Fake, workdir: Path) -> None:
    assert "bracketed: named twice" in compared(
        fake, "--limit", "1", "--template", "bracketed", "--template", "bracketed", code=1
    )
    assert "holds 2 sentences; --sample 3 is too many" in compared(fake, "--limit", "2", "--sample", "3", code=1)
    Path("news.txt").write_text("Ada left.")
    words = ["compare", "news.txt", "--labels", "demo", "--engine", "openai", "--base-url", fake.url, "--out", "cmp"]
    assert "a text file has no gold to compare with; name a card" in annotate(*words, code=1).stderr
    examples = ["--limit", "1", "--template", "xml+nearest1", "--examples-from", "demo", "--examples-split", "testb"]
    assert "demo testb: the examples would come from the split that is scored or labelled; name another" in compared(
        fake, *examples, code=1
    )
    assert not fake.requests


def test_a_limit_on_the_cost_is_one_for_all_templates(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES)
    fake.usage = (400, 90)  # 0.13 a request
    words = [
        "--limit",
        "4",
        "--prices",
        "prices.yaml",
        "--template",
        "bracketed",
        "--template",
        "xml",
        "--max-cost",
        "1",
    ]
    assert "--max-cost goes on from here" in compared(fake, *words, code=1)
    assert 4 <= len(fake.requests) <= 7
    assert {len(request["messages"]) for request in fake.requests} == {1}
    compared(fake, *words[:-1], "5")
    assert len(fake.requests) == 8


def test_the_gold_is_read_once(fake: Fake, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    evaluate = import_module("llms_meet_ner.eval.evaluate")
    whole = evaluate.read_corpus
    monkeypatch.setattr(
        evaluate,
        "read_corpus",
        lambda card, split, *more, **keys: (read.append(split), whole(card, split, *more, **keys))[1],
    )
    compared(fake, "--limit", "2", "--template", "bracketed", "--template", "xml")
    assert read == ["testb"]


def test_options_that_would_say_nothing_are_refused(fake: Fake, workdir: Path) -> None:
    said = compared(
        fake, "--limit", "1", "--template", "xml", "--template", "bracketed", "--examples-from", "demo", code=1
    )
    assert "--examples-from: none of the templates shows examples; write xml+nearest3" in said
    assert "--sample-seed says nothing without --sample N" in compared(
        fake, "--limit", "1", "--sample-seed", "3", code=2
    )


def test_examples_are_never_the_sentences_that_are_labelled_whatever_their_corpus_is_called(
    fake: Fake, workdir: Path
) -> None:
    Path("copy.yaml").write_text("extends: demo\nname: copy\n")
    words = [
        "--template",
        "xml+nearest2",
        "--examples-source",
        load_card("demo").path.parent,
        "--examples-from",
        "copy.yaml",
    ]
    said = compared(fake, *map(str, words), "--examples-split", "testb", code=1)
    assert (
        "copy testb: all of its sentences are among those to label, so the model would be shown their gold; take"
        in said
    )
    assert not fake.requests
    said = compared(fake, *map(str, words), "--examples-split", "testb", "--limit", "3")
    assert "copy testb: not shown as examples, because they are among the sentences to label: 3" in said
    first = {sentence.text for sentence in list(read_corpus("demo", "testb"))[:3]}
    shown = {message["content"] for request in fake.requests for message in request["messages"][:-1]}
    assert not any(text in content for text in first for content in shown)


def test_examples_without_a_template_are_refused(workdir: Path) -> None:
    words = ["compare", "demo", "--split", "testb", "--examples-from", "demo", "--out", "c"]
    said = annotate(*words, "--adapter", "nowhere", code=1).stderr
    assert "--examples-from: examples are for an annotation template; leave it out, or add --template" in said
    said = annotate(*words, "--engine", "openai", "--base-url", "http://localhost:1/v1", code=1).stderr
    assert "--template bracketed: the template shows no examples; write bracketed+nearest3" in said
