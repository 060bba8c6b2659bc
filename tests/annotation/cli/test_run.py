"""`lmn-annotate run`: from text to a corpus that every command reads, at a price that is paid once."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from annotating import PRICES, annotate, labelled, rows, with_server
from click.testing import CliRunner
from fake_openai import Fake, chat

from llms_meet_ner.annotation.cli.annotate import main as annotate_main
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval

RUN = "import sys; from llms_meet_ner.annotation.cli.annotate import main; main(sys.argv[1:])"
DEMO = ("demo", "--split", "testb", "--limit", "12")


def call(command: object, *words: str) -> str:
    result = CliRunner().invoke(command, words)  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
    return result.output


def test_a_text_becomes_a_corpus_that_other_commands_read(fake: Fake, workdir: Path) -> None:
    Path("news.txt").write_text("Ada left. Bob stayed.\n\nEve won.\n")
    fake.usage = (40, 9)
    result = with_server(fake, "news.txt", "--labels", "conll2003", "--out", "data/news")
    assert "news.txt: left out, lines without text: 1" in result.stderr
    assert "to be sent to 127.0.0.1, this machine: news.txt (sentences: 3)" in result.stderr
    assert "language on the card: und, a guess (too few words tell a language); --language names it" in result.stderr
    assert result.stdout.splitlines() == [
        "3 of 3 sentences labelled; entities: 3 PER", "answers: 3 exact",
        "bill: requests: 3; tokens: 120 in, 27 out; cost: unknown; requests of this call: 3", "", "data/news/card.yaml",
    ]  # fmt: skip
    assert [sentence.spans[0].label for sentence in labelled(Path("data/news"), "train")] == ["PER"] * 3
    line = rows(Path("data/news/provenance.jsonl"))[1]
    assert (line["id"], line["asked"], line["line"], line["start"], line["end"]) == (
        "news/train/1",
        "news/train/1",
        1,
        10,
        21,
    )
    assert (line["system"], line["template"], line["model"], line["requests"]) == ("tuned", "bracketed", "tuned", 1)
    assert (line["tokens_in"], line["tokens_out"], line["cost"]) == (40, 9, None)
    assert re.search(r"sentences +3\n", call(lmn_convert, "check", "data/news/card.yaml"))
    call(lmn_convert, "data/news/card.yaml", "--out", "alpaca")
    assert len(json.loads(Path("alpaca/news_train.json").read_text())) == 3


def test_the_labels_of_a_split_are_scored_against_its_gold(fake: Fake, workdir: Path) -> None:
    with_server(fake, *DEMO, "--template", "xml", "--out", "llm")
    assert labelled(Path("llm"), "testb")[0].id == "llm/testb/0"
    predictions = "llm/run/predictions.jsonl"
    said = call(lmn_eval, "--corpus", "demo", "--split", "testb", "--limit", "12", "--predictions", predictions)
    assert "12 sentences" in said
    scores = json.loads(Path("llm/run/scores.json").read_text())
    assert scores["format"] == "xml"


def test_the_bill_is_in_the_price_card_s_currency_and_the_summary_holds_it(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES)
    fake.usage = (40, 9)
    result = with_server(fake, *DEMO, "--prices", "prices.yaml", "--out", "llm")
    assert "requests: 12; tokens: 480 in, 108 out; cost: 0.1560 EUR; requests of this call: 12" in result.stdout
    assert "cost: from " in result.stderr
    summary = json.loads(Path("llm/annotation.json").read_text())
    assert (summary["bill"]["cost"], summary["bill"]["currency"]) == (pytest.approx(0.156), "EUR")
    assert summary["price"].startswith("tuned: 100 and 1000 EUR")
    assert rows(Path("llm/provenance.jsonl"))[0]["cost"] == pytest.approx(0.013)
    again = with_server(fake, *DEMO, "--prices", "prices.yaml", "--out", "llm")
    assert "cost: 0.1560 EUR; requests of this call: 0" in again.stdout
    assert "to be sent" not in again.stderr, "nothing is sent"
    assert len(fake.requests) == 12


def test_a_limit_on_the_cost_stops_the_run_and_a_larger_one_goes_on(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES)
    fake.usage = (400, 90)
    words = [*DEMO, "--prices", "prices.yaml", "--out", "llm", "--max-cost"]
    stopped = with_server(fake, *words, "1", code=1)
    assert "the same command with a larger --max-cost goes on from here" in stopped.stderr
    asked = len(fake.requests)
    assert 0 < asked < 12
    assert asked * 0.13 <= 1
    assert not Path("llm/card.yaml").exists()
    done = with_server(fake, *words, "5")
    assert (
        f"requests: 12; tokens: 4,800 in, 1,080 out; cost: 1.5600 EUR; requests of this call: {12 - asked}"
        in done.stdout
    )
    assert len(fake.requests) == len(set(fake.sources)) == 12
    assert (
        "--max-cost: the price of the model is unknown"
        in with_server(fake, *DEMO, "--out", "b", "--max-cost", "1", code=1).stderr
    )


def test_a_run_that_is_killed_pays_for_nothing_twice(fake: Fake, workdir: Path) -> None:
    fake.before = lambda source, times: time.sleep(0.1) or Fake.GO  # type: ignore[func-returns-value]
    words = ["run", *DEMO, "--out", "llm", "--engine", "openai", "--base-url", fake.url, "--concurrency", "2"]
    process = subprocess.Popen([sys.executable, "-c", RUN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(fake.requests) < 7:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = len(rows(Path("llm/answers.jsonl")))
    assert kept >= len(fake.requests) - 2, "at most what was under way is lost"
    before = list(fake.sources)
    assert len(before) < 12
    annotate(*words)
    twice = [source for source, count in Counter(fake.sources).items() if count > 1]
    assert len(twice) == len(before) - kept <= 2, "only what was under way is asked again"
    assert len(labelled(Path("llm"), "testb")) == 12
    assert all(row["requests"] == 1 for row in rows(Path("llm/provenance.jsonl")))


def test_answers_that_cannot_be_read_are_counted_and_left_out(fake: Fake, workdir: Path) -> None:
    fake.before = lambda source, times: chat("Sorry!") if "Mekong" in source else Fake.GO
    result = with_server(fake, *DEMO, "--out", "llm")
    assert "11 of 12 sentences labelled" in result.stdout
    assert "answers: 11 exact, 1 failed" in result.stdout
    assert (
        "answers that could not be read: 1; these sentences are left out (--keep-unreadable keeps them)"
        in result.stdout
    )
    assert "12 of 12 sentences labelled" in with_server(fake, *DEMO, "--out", "llm", "--keep-unreadable").stdout
    assert len(fake.requests) == 12


def test_other_options_are_refused_until_a_restart_which_keeps_what_was_paid_for(fake: Fake, workdir: Path) -> None:
    with_server(fake, *DEMO, "--out", "llm")
    other = [*DEMO, "--template", "xml", "--out", "llm"]
    assert "another prompt" in with_server(fake, *other, code=1).stderr
    with_server(fake, *other, "--restart")
    assert {row["template"] for row in rows(Path("llm/provenance.jsonl"))} == {"xml"}
    with_server(fake, *DEMO, "--out", "llm", "--restart")
    assert len(fake.requests) == 24
    assert all(row["requests"] == 1 for row in rows(Path("llm/provenance.jsonl")))


def test_text_goes_to_another_machine_only_with_a_yes(workdir: Path) -> None:
    words = [
        "run",
        *DEMO,
        "--out",
        "llm",
        "--engine",
        "openai",
        "--base-url",
        "http://192.0.2.1/v1",
        "--served-model",
        "m",
    ]
    said = annotate(*words, "--retries", "0", "--timeout", "0.2", code=1).stderr
    assert "to be sent to 192.0.2.1, another machine: demo testb (sentences: 12)" in said
    assert "192.0.2.1: nothing is sent without a yes, and there is no terminal to ask on; add --yes" in said
    said = annotate(*words, "--yes", "--retries", "0", "--timeout", "0.2", code=1).stderr
    assert "http://192.0.2.1/v1: " in said, "it was tried"
    assert not Path("llm/card.yaml").exists()


def test_a_student_labels_by_its_folder_and_by_its_recipe(workdir: Path) -> None:
    pytest.importorskip("torch")
    from tiny_encoders import student_recipe

    from llms_meet_ner.students.training import prepare, train
    from llms_meet_ner.training.recipe import load_recipe

    recipe = load_recipe(student_recipe(workdir, eval_dataset=None, max_steps=3))
    train(prepare(recipe, [recipe.dataset], []), None)
    Path("news.txt").write_text("Ada left Essex.\n")
    call(annotate_main, "run", "news.txt", "--adapter", "outputs/tiny", "--out", "data/news")
    call(annotate_main, "run", *DEMO, "--recipe", "tiny.yaml", "--out", "data/demo-llm")
    assert len(labelled(Path("data/news"), "train")) == 1
    assert (rows(Path("data/news/provenance.jsonl"))[0]["template"], len(labelled(Path("data/demo-llm"), "testb"))) == (
        None,
        12,
    )
    for words, message in (
        (["--prompt", "p.json"], "leave --prompt out"),
        (["--labels", "demo", "--template", "xml"], "leave --template out"),
    ):
        result = CliRunner().invoke(
            annotate_main, ["run", "news.txt", "--adapter", "outputs/tiny", *words, "--out", "data/other"]
        )
        assert (result.exit_code, message in result.output) == (1, True), result.output


def test_equal_sentences_share_a_request_that_is_charged_once_also_after_a_resume(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES)
    Path("news.txt").write_text("Ada left.\nBob stayed.\nAda left.\n")
    fake.usage = (40, 9)
    words = ["news.txt", "--labels", "conll2003", "--prices", "prices.yaml", "--out", "llm"]
    for times in range(2):
        result = with_server(fake, *words, *(["--restart"] if times else []))
        assert "requests: 2; tokens: 80 in, 18 out; cost: 0.0260 EUR" in result.stdout
        assert "share the request of an equal one, which is charged once: 1" in result.stdout
        lines = rows(Path("llm/provenance.jsonl"))
        assert [line["requests"] for line in lines] == [1, 1, 0]
        assert [line["shared_with"] for line in lines] == [[], [], ["llm/train/0"]]
        assert sum(line["cost"] for line in lines) == pytest.approx(0.026)
        assert sum(line["tokens_in"] for line in lines) == 80
        assert with_server(fake, *words).stdout.count("cost: 0.0260 EUR; requests of this call: 0") == 1
        assert rows(Path("llm/provenance.jsonl")) == lines
    assert len(fake.requests) == 2


@pytest.mark.parametrize(
    "message", [{"content": None}, {"content": None, "refusal": "No."}, {"content": [{"type": "image"}]}]
)
def test_an_answer_without_a_text_is_kept_and_charged_and_its_sentence_is_left_out(
    fake: Fake, workdir: Path, message: dict[str, object]
) -> None:
    Path("prices.yaml").write_text(PRICES)
    fake.usage = (40, 9)
    used = {"prompt_tokens": 40, "completion_tokens": 0}
    empty = json.dumps({"choices": [{"message": message, "finish_reason": "content_filter"}], "usage": used}).encode()
    fake.before = lambda source, times: (200, {}, empty) if "Mekong" in source else Fake.GO
    for _ in range(2):
        result = with_server(fake, *DEMO, "--prices", "prices.yaml", "--out", "llm")
        assert "11 of 12 sentences labelled" in result.stdout
        assert "tokens: 480 in, 99 out" in result.stdout
    assert len(fake.requests) == len(rows(Path("llm/answers.jsonl"))) == 12
    assert (
        rows(Path("llm/provenance.jsonl"))[[row["id"] for row in rows(Path("llm/provenance.jsonl"))].index(None)][
            "requests"
        ]
        == 1
    )


def test_an_earlier_answer_keeps_the_price_of_its_model(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES + "  other: {input: 1, output: 1}\n")
    fake.usage = (400, 90)
    words = [*DEMO, "--prices", "prices.yaml", "--out", "llm"]
    with_server(fake, *words)
    fake.models = ["other"]
    said = with_server(fake, *words, "--restart", "--max-cost", "1.55", code=1).stderr
    assert "with a bill of 1.5600 EUR" in said
    assert "cost: 0.0059 EUR" in with_server(fake, *words, "--restart").stdout
    assert json.loads(Path("llm/annotation.json").read_text())["price"].startswith("other: 1 and 1 EUR")
