"""The engine `openai`: sentences in, records out, and that nothing is lost or betrayed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_openai import CONTENT_JSON, Answer, Fake, chat, error, marked, source_of
from served_project import DEMO, KEY, RUN, call, predict, rows, sources

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.decoding.server_grammar.dialects import quoted
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.masking import keep_secret
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.served_model import ServedModel
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.training.recipe import load_recipe


def test_a_server_is_asked_for_every_sentence_and_its_answers_become_records(project: Path, fake: Fake) -> None:
    fake.before = lambda source, times: time.sleep(0.1) or Fake.GO  # type: ignore[func-returns-value]
    result = predict(fake, "--concurrency", "4")
    assert f"tuned at {fake.url}, 4 requests at a time" in result.stderr
    assert fake.most == 4
    assert fake.keys == {f"Bearer {KEY}"}
    assert sorted(fake.sources) == sorted(sources())
    request = next(request for request in fake.requests if request["messages"][-1]["content"].endswith(sources()[0]))
    bound = len(sources()[0].encode()) + 4 * len(sources()[0].split()) + 32
    assert request == {
        "model": "tuned", "temperature": 0, "max_tokens": bound,
        "messages": [{"role": "user", "content": request["messages"][0]["content"]}],
    }  # fmt: skip
    records = rows(RUN / "predictions.jsonl")
    assert [record["output"] for record in records] == [marked(source).split("\n")[0] for source in sources()]
    assert {record["decoding"] for record in records} == {"free"}
    assert all(record["spans"][0] == [0, 1, "PER"] for record in records)
    run = json.loads((RUN / "run.json").read_text())
    assert run["notes"] == {"base_url": fake.url}
    stamp = run["stamp"]
    assert (stamp["engine"], stamp["served_model"], stamp["adapter_sha256"]) == ("openai", "tuned", None)
    assert stamp["prompt"]["template"] is None
    assert not [path for path in project.rglob("*") if path.is_file() and KEY in path.read_text(errors="replace")]
    fake.requests.clear()
    assert "already there, with the same data" in predict(fake).stderr
    assert not fake.requests


def test_thinking_and_introductions_of_a_server_are_read_and_kept(project: Path, fake: Fake) -> None:
    fake.before = lambda source, times: chat(f"<think>\nHm.\n</think>\n\nHere it is:\n{marked(source)}")
    predict(fake)
    first, record = sources()[0], rows(RUN / "predictions.jsonl")[0]
    assert record["output"] == f"<think>\nHm.\n</think>\n\nHere it is:\n{marked(first).partition(chr(10))[0]}"
    assert (record["spans"][0], record["reasons"]) == ([0, 1, "PER"], ["introduced", "thought"])
    assert json.loads((RUN / "run.json").read_text())["stamp"]["reading"] == "lenient"


def test_a_server_is_asked_to_stop_at_a_newline_for_the_published_reading_as_earlier_runs_were(
    project: Path, fake: Fake
) -> None:
    predict(fake, "--reading", "published")
    assert {tuple(request["stop"]) for request in fake.requests} == {("\n",)}
    assert [record["output"] for record in rows(RUN / "predictions.jsonl")] == [
        marked(source).partition("\n")[0] for source in sources()
    ]
    stamp = json.loads((RUN / "run.json").read_text())["stamp"]
    assert "reading" not in stamp
    assert stamp["request"] == {"temperature": 0, "stop": ["\n"]}, "the stamp of earlier versions"
    other = predict(fake, code=1).stderr
    assert "other options: another reading, request" in other
    assert "--restart writes over them; --reading published takes them, which end at their first newline" in other
    assert "already there" in predict(fake, "--reading", "published").stderr


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_an_answer_that_is_all_thinking_is_a_block_that_does_not_end(project: Path, fake: Fake, key: str) -> None:
    message = {"role": "assistant", "content": None, key: "The sentence"}
    content = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "length"}]}).encode()
    fake.before = lambda source, times: (200, CONTENT_JSON, content)
    predict(fake)
    record = rows(RUN / "predictions.jsonl")[0]
    assert (record["output"], record["status"]) == ("<think>\nThe sentence", "failed")
    assert record["reasons"] == ["empty", "unended-thought"]


def test_scoring_takes_what_a_server_predicted_and_predicts_if_need_be(project: Path, fake: Fake) -> None:
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), "--engine", "openai"]
    first = call(lmn_eval, *base, "--base-url", fake.url)
    again = call(lmn_eval, *base, "--base-url", "http://127.0.0.1:9/v1", "--served-model", "tuned")
    assert "scoring what is there" in again.stderr
    assert first.stdout == again.stdout
    scores = json.loads((RUN / "scores.json").read_text())
    assert (scores["decoding"], scores["sha256"]["adapter"]) == ("free", None)
    other = call(lmn_eval, *base, "--served-model", "other", code=1)
    assert "made with a different served_model" in other.stderr
    bounded = call(lmn_eval, *base, "--max-new-tokens", "9", code=1)
    assert "made with a different max_new_tokens; --restart predicts again" in bounded.stderr


def test_a_training_that_continued_is_remarked_once_by_the_run(project: Path, fake: Fake) -> None:
    Path("old").mkdir()
    recipe = load_recipe(Path("recipe.yaml"))
    replace(recipe.train_entry().spec, variant="full").save(Path("old/prompt_spec.json"))
    remark = "old: training continued this adapter with another variant; the new prompt is taken\n"
    result = predict(fake, "adapter_name_or_path=old")
    assert result.stderr.count(remark) == 1
    assert result.stderr.index(remark) < result.stderr.index("requests at a time")
    assert remark not in predict(fake, "adapter_name_or_path=old", "--untrained").stderr


def test_the_system_message_is_sent_as_one(project: Path, fake: Fake) -> None:
    call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--instruction-as", "system")
    predict(fake, "dataset=mini.system_train", "--max-new-tokens", "7")
    system, user = fake.requests[0]["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] in sources()
    assert {request["max_tokens"] for request in fake.requests} == {7}


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_run_that_failed_goes_on(project: Path, fake: Fake, workers: str) -> None:
    predict(fake, "--out", "whole")
    bad = sorted(sources(), key=len)[2]
    fake.before = lambda source, times: error(401, "expired") if source == bad else Fake.GO
    predict(fake, "--concurrency", workers, code=1)
    kept = {row["batch"] for row in rows(RUN / "predictions.partial.jsonl")[1:]}
    assert len(kept) >= 12 - 2 - int(workers)
    fake.before = lambda source, times: Fake.GO
    fake.requests.clear()
    moved = fake.url.replace("127.0.0.1", "localhost")  # another address does not matter, another model does
    fake.models = ["other"]
    other = predict(fake, code=1)
    assert "an unfinished run with other data, another model or other options" in other.stderr
    predict(fake, "--base-url", moved, "--served-model", "tuned")
    asked = {request["messages"][-1]["content"].rpartition("\n")[2] for request in fake.requests}
    assert len(asked) == 12 - len(kept)  # a set: what was under way when the first run failed may come in late
    assert (RUN / "predictions.jsonl").read_bytes() == Path("whole/predictions.jsonl").read_bytes()
    assert not (RUN / "predictions.partial.jsonl").exists()


def answers() -> dict[str, tuple[str, str]]:
    """Return source and output of the training sentences, by id."""
    rows = json.loads(Path("data/alpaca/mini.short_train.json").read_text())
    return {row["id"]: (row["input"], row["output"]) for row in rows}


def test_a_server_gets_examples_as_turns_of_a_chat(project: Path, fake: Fake) -> None:
    predict(fake, "--shots", "2", "--examples", "nearest")
    assert (RUN.parent / "free-openai-shots2-nearest/predictions.jsonl").is_file()
    pairs = answers().values()
    instruction = json.loads(Path("data/alpaca/mini.short_train.json").read_text())[0]["instruction"]
    assert len(fake.requests) == 12
    for request in fake.requests:
        assert [message["role"] for message in request["messages"]] == ["user", "assistant"] * 2 + ["user"]
        first, answer, second, other, last = [message["content"] for message in request["messages"]]
        assert first.startswith(f"{instruction}\n")
        assert (first.removeprefix(f"{instruction}\n"), answer) in pairs
        assert (second, other) in pairs
        assert "\n" not in last


def short_of(most: int) -> object:
    """Return what refuses sentences of more words than that, as vLLM does."""
    what = "This model's maximum context length is 64 tokens. However, you requested 90 tokens"
    return lambda source, times: error(400, what) if len(source.split()) > most else Fake.GO


def test_what_the_server_has_no_room_for_is_read_in_pieces_and_said(project: Path, fake: Fake) -> None:
    longest = max(len(source.split()) for source in sources())
    fake.before = short_of(longest - 1)  # type: ignore[assignment]
    result = predict(fake)
    cut = [record for record in rows(RUN / "predictions.jsonl") if "pieces" in record]
    assert [len(record["pieces"]) for record in cut] == [2]
    assert sum(tokens for tokens, _ in cut[0]["pieces"]) == longest
    assert [span[:2] for span in cut[0]["spans"]] == [[0, 1], [cut[0]["pieces"][0][0], cut[0]["pieces"][0][0] + 1]]
    assert f"1 of 12 sentences were read in pieces: {cut[0]['id']} (2)" in result.stderr
    asked = [body["max_tokens"] for body in fake.requests if len(source_of(body).split()) == longest]
    assert len(asked) == 2
    assert asked[1] < asked[0]
    assert len(fake.requests) == 11 + 2 + 2  # whole, with half the bound, and two pieces
    fake.before = short_of(0)  # type: ignore[assignment]
    refused = predict(fake, "--restart", "--concurrency", "1", code=1)
    assert "refused the request (400: This model's maximum context length is 64 tokens" in refused.stderr


def test_long_sentences_are_cut_as_the_listed_window_asks(project: Path, fake: Fake) -> None:
    recipe = load_recipe(Path("recipe.yaml"))
    row = {"id": "tuned", "object": "model", "created": 1, "owned_by": "me", "max_model_len": 700}
    fake.listing = 200, CONTENT_JSON, json.dumps({"object": "list", "data": [row]}).encode()
    system = ServedModel(recipe, SystemOptions("free"), ServerOptions(fake.url), None)
    sentences = [Sentence(str(count), ("Ada",) * count) for count in (256, 300, 400, 513)]
    assert [len(parts) for parts in system.prepare(sentences).cut.pieces] == [1, 1, 2, 3]  # type: ignore[union-attr]
    base = row | {"id": "base", "parent": None}
    adapter = row | {"id": "tuned", "parent": "base", "max_model_len": None}  # as vLLM 0.32 lists an adapter
    other = row | {"id": "other", "max_model_len": 600}
    fake.listing = 200, CONTENT_JSON, json.dumps({"object": "list", "data": [other, base, adapter]}).encode()
    system = ServedModel(recipe, SystemOptions("free"), ServerOptions(fake.url, "tuned"), None)
    assert [len(parts) for parts in system.prepare(sentences).cut.pieces] == [1, 1, 2, 3]  # type: ignore[union-attr]
    fake.listing = Fake.GO
    system = ServedModel(recipe, SystemOptions("free"), ServerOptions(fake.url, "tuned"), None)
    assert [len(parts) for parts in system.prepare(sentences).cut.pieces] == [1, 1, 1, 3]  # type: ignore[union-attr]


def test_a_run_whose_served_model_holds_a_key_goes_on(project: Path, fake: Fake) -> None:
    key = "sk-of-the-served-model-tests-8Q2xT7bLw9"
    keep_secret(key)
    fake.models = [f"tuned-{key}"]
    assert key not in predict(fake).stderr
    assert "already there, with the same data" in predict(fake).stderr
    scored = ["--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), "--engine", "openai"]
    again = call(lmn_eval, *scored, "--base-url", fake.url, "--served-model", f"tuned-{key}")
    assert "scoring what is there" in again.stderr


CONSTRAINED_RUN = RUN.with_name("constrained-openai")
GRAMMAR_OF: dict[str, Callable[[dict[str, Any]], str]] = {
    "vllm": lambda body: body["structured_outputs"]["grammar"],
    "llamacpp": lambda body: body["grammar"],
    "sglang": lambda body: body["ebnf"],
}


def exact(source: str) -> str:
    return marked(source).partition("\n")[0]


def obey(source: str, times: int) -> Answer:
    return chat(exact(source))


@pytest.mark.parametrize(("dialect", "by"), [("vllm", "list"), ("llamacpp", "option"), ("sglang", "list")])
def test_a_server_gets_a_grammar_with_each_sentence_and_its_answers_are_exact(
    project: Path, fake: Fake, dialect: str, by: str
) -> None:
    fake.before = obey
    fake.owner = dialect if by == "list" else "me"
    words = [] if by == "list" else ["--grammar", dialect]
    result = predict(fake, "--decoding", "constrained", *words)
    assert f"8 requests at a time, grammars for {dialect}\n" in result.stderr
    for body in fake.requests:
        grammar = GRAMMAR_OF[dialect](body)
        first = source_of(body).split()[0]
        assert grammar.startswith(f'root ::= r0 | " " r0\nr0 ::= {quoted(f"{first} ")} r')
        assert quoted(f"[{first}") in grammar
        assert ("stop" in body, body["temperature"]) == (False, 0)
        assert ("top_logprobs" in body) == (dialect != "llamacpp")
        assert len(exact(source_of(body)).encode()) < body["max_tokens"]
    records = rows(CONSTRAINED_RUN / "predictions.jsonl")
    assert [record["output"] for record in records] == [exact(source) for source in sources()]
    assert {(record["decoding"], record["status"]) for record in records} == {("constrained", "exact")}
    assert {(record["confidences"], record["uncertainty"]) for record in records} == {(None, None)}
    assert "12 of 12 outputs have no confidences" in result.stderr
    stamp = json.loads((CONSTRAINED_RUN / "run.json").read_text())["stamp"]
    assert (stamp["decoding"], stamp["grammar"]) == ("constrained", {"dialect": dialect})
    fake.requests.clear()
    other = next(name for name in GRAMMAR_OF if name != dialect)
    assert "another grammar" in predict(fake, "--decoding", "constrained", "--grammar", other, code=1).stderr
    assert "already there" in predict(fake, "--decoding", "constrained", *words, "--reading", "published").stderr
    assert not fake.requests


def test_a_server_that_does_not_heed_grammars_is_an_error_and_no_score(project: Path, fake: Fake) -> None:
    fake.owner = "vllm"
    fake.before = lambda source, times: chat(exact(source.partition(" ")[2]))  # a word is lost
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), "--engine", "openai"]
    base += ["--base-url", fake.url, "--concurrency", "1"]
    result = call(lmn_eval, *base, "--decoding", "constrained", code=1)
    assert len(fake.requests) == 1, "the first answer tells"
    assert "with what its grammar does not allow ([" in result.stderr
    remedy = "name another with --grammar llamacpp|sglang and --restart, or use --decoding free"
    assert f"--grammar vllm sends them; {remedy}" in result.stderr
    assert not (CONSTRAINED_RUN / "scores.json").exists()
    assert not (CONSTRAINED_RUN / "predictions.jsonl").exists()
    call(lmn_eval, *base, "--decoding", "free")
    fake.before = lambda source, times: obey(source, times) if "ebnf" in fake.requests[-1] else chat("Sure!")
    words = ("--decoding", "constrained", "--concurrency", "1", "--restart", "--grammar")
    assert "(Sure!)" in predict(fake, *words, "llamacpp", code=1).stderr
    predict(fake, *words, "sglang")


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_the_grammar_is_one_error_with_the_other_grammars(
    project: Path, fake: Fake, status: int
) -> None:
    """As llama.cpp does with one that it cannot read, and strict servers with a key that they do not know."""
    fake.before = lambda source, times: error(status, "failed to parse grammar")
    constrained = ("--decoding", "constrained", "--concurrency", "1")
    refused = predict(fake, *constrained, "--grammar", "vllm", code=1)
    what = f"refused the request, which holds a grammar for vllm ({status}: failed to parse grammar)"
    assert f"Error: {fake.url}: {what}; name another with --grammar llamacpp|sglang and --restart, or use --decoding free; " in refused.stderr  # fmt: skip
    assert "--max-new-tokens" not in refused.stderr
    assert len(fake.requests) == 1, "a refusal is not sent again"
    fake.before = obey
    predict(fake, *constrained, "--grammar", "llamacpp", "--restart")


def test_a_prompt_without_room_for_a_constrained_answer_names_what_helps(project: Path, fake: Fake) -> None:
    fake.before = lambda source, times: error(400, "the prompt is too long")
    words = ("--decoding", "constrained", "--grammar", "vllm", "--shots", "2", "--concurrency", "1")
    refused = predict(fake, *words, code=1).stderr
    assert "(400: the prompt is too long); serve a model with more room, or show fewer --shots; finished" in refused
    assert "--max-new-tokens" not in refused


@pytest.mark.parametrize("spoil", [str.lower, lambda text: text + " .", lambda text: text.replace("PER", "HUMAN"), lambda text: text.replace("]", ""), lambda text: f"Here it is:\n{text}", lambda text: ""])  # fmt: skip
def test_each_kind_of_unfaithful_answer_is_noticed(project: Path, fake: Fake, spoil: Callable[[str], str]) -> None:
    fake.before = lambda source, times: chat(spoil(exact(source)))
    words = ("--decoding", "constrained", "--grammar", "vllm", "--limit", "2")
    assert "with what its grammar does not allow" in predict(fake, *words, code=1).stderr


def test_a_server_that_is_not_known_is_an_error_that_names_the_grammars(project: Path, fake: Fake) -> None:
    unknown = predict(fake, "--decoding", "constrained", code=1).stderr
    assert "does not say that it is vLLM, llama.cpp or SGLang (owned_by: ['me']); say how it takes grammars with --grammar vllm|llamacpp|sglang" in unknown  # fmt: skip
    assert not fake.requests
    fake.before = obey
    fake.owner = "vllm"
    predict(fake, "--decoding", "constrained", "--served-model", "tuned")


@pytest.mark.parametrize("rest", ["", "\ufffd"], ids=["whole", "within a character"])
def test_an_answer_that_the_window_cuts_is_asked_for_in_pieces(project: Path, fake: Fake, rest: str) -> None:
    longest = max(len(source.split()) for source in sources())
    fake.before = lambda source, times: (
        chat(exact(source)[:9] + rest, finish="length") if len(source.split()) == longest else obey(source, times)
    )
    result = predict(fake, "--decoding", "constrained", "--grammar", "sglang")
    assert "1 of 12 sentences were read in pieces" in result.stderr
    assert len(fake.requests) == 11 + 1 + 2, "no smaller bound is tried"
    cut = next(record for record in rows(CONSTRAINED_RUN / "predictions.jsonl") if "pieces" in record)
    assert [text for _, text in cut["pieces"]] == [exact(" ".join(cut["output"].replace("[", "").replace(" | PER]", "").split()[start:end])) for start, end in ((0, cut["pieces"][0][0]), (cut["pieces"][0][0], None))]  # fmt: skip


def test_a_cut_answer_to_a_sentence_with_examples_is_an_error(project: Path, fake: Fake) -> None:
    fake.before = lambda source, times: chat(source[:5], finish="length")
    words = ("--decoding", "constrained", "--grammar", "vllm", "--shots", "1", "--concurrency", "1")
    assert "has no room for the whole answer; serve a model with more room" in predict(fake, *words, code=1).stderr
    assert len(fake.requests) == 1


def test_a_smaller_bound_is_tried_before_a_sentence_is_cut(project: Path, fake: Fake) -> None:
    def narrow(source: str, times: int) -> Answer:
        fits = fake.requests[-1]["max_tokens"] < 1.2 * len(source.encode())
        return (
            obey(source, times)
            if fits
            else error(400, "max_tokens is too large: 999. This model's maximum context length is 64")
        )

    fake.before = narrow
    predict(fake, "--decoding", "constrained", "--grammar", "vllm", "--concurrency", "1")
    assert [record["output"] for record in rows(CONSTRAINED_RUN / "predictions.jsonl")] == list(map(exact, sources()))
    assert len(fake.requests) > 24


def test_a_server_gets_a_grammar_with_examples_too(project: Path, fake: Fake) -> None:
    fake.before = obey
    predict(fake, "--decoding", "constrained", "--grammar", "vllm", "--shots", "2")
    (run,) = RUN.parent.glob("constrained-openai-shots2*")
    assert len(rows(run / "predictions.jsonl")) == len(fake.requests) == 12


def listed(text: str, probability: float = 1.0) -> dict[str, Any]:
    return {"token": text, "bytes": list(text.encode()), "logprob": math.log(probability)}


def test_confidences_come_from_what_a_server_lists_after_the_grammar(project: Path, fake: Fake) -> None:
    def second_word(source: str, times: int) -> Answer:
        first, second, *others = source.split()
        text = " ".join([first, f"[{second} | LOC]", *others])
        content = [{**listed(character), "top_logprobs": [listed(character)]} for character in text]
        mark = listed("[", 0.5)
        content[len(first) + 1] = {**mark, "top_logprobs": [mark, listed(second[0], 0.5)]}
        return chat(text, content)

    fake.owner, fake.before = "vllm", second_word
    result = predict(fake, "--decoding", "constrained")
    assert "no confidences" not in result.stderr
    assert {body["top_logprobs"] for body in fake.requests} == {20}
    records = rows(CONSTRAINED_RUN / "predictions.jsonl")
    assert {tuple(record["confidences"]) for record in records} == {(0.5,)}
    assert {record["uncertainty"]["max"] for record in records} == {round(math.log(2), 4)}


def test_where_entities_nest_the_grammar_is_as_deep_as_asked_for(project: Path, fake: Fake) -> None:
    recipe, sentence = load_recipe(Path("recipe.yaml")), Sentence("a", ("Ada", "met", "Bob"))
    texts = {1: "[Ada met | PER] Bob", 2: "[[Ada | PER] met | PER] Bob", 3: "[[[Ada | PER] met | PER] Bob | PER]"}
    for depth, most in ((1, 1), (2, 2), (3, 3)):
        options = ServerOptions(fake.url, grammar="vllm", grammar_depth=depth)
        system = ServedModel(recipe, SystemOptions("constrained", server=options), options, None)
        for name in ("prompt", "sent_prompt"):
            system.__dict__[name] = replace(getattr(system, name), nested=True)
        assert system.stamp()["grammar"] == {"dialect": "vllm", "depth": depth}
        assert system.differences({**system.stamp(), "grammar": {"dialect": "vllm", "depth": 4}}, []) == ["grammar"]
        assert "grammar" not in system.differences(system.stamp(), [])
        for nested, text in texts.items():
            fake.before = lambda source, times, text=text: chat(text)  # type: ignore[misc]
            if nested <= most:
                assert [answer.text for answer in system.answer([sentence])] == [text]
            else:
                with pytest.raises(LmnError, match="what its grammar does not allow"):
                    system.answer([sentence])


def test_a_depth_is_refused_where_entities_do_not_nest(project: Path, fake: Fake) -> None:
    words = ("--decoding", "constrained", "--grammar", "vllm", "--grammar-depth", "2")
    assert (
        "--grammar-depth 2: the model was asked for entities that do not nest" in predict(fake, *words, code=1).stderr
    )
    assert not fake.requests


def test_a_least_confidence_needs_a_server_that_lists_probabilities(project: Path, fake: Fake) -> None:
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), "--engine", "openai"]
    base += ["--base-url", fake.url, "--decoding", "constrained", "--min-confidence", "0.5"]
    fake.before = obey
    never = call(lmn_eval, *base, "--grammar", "llamacpp", code=1).stderr
    assert "gives no confidences" in never
    assert not fake.requests
    found = call(lmn_eval, *base, "--grammar", "vllm", code=1).stderr
    assert "no confidences (decoding: constrained), so no entity can be dropped" in found
    assert "start the server so that it lists probabilities (docs/serving.md)" in found


def test_only_a_server_that_may_list_probabilities_gives_confidences(project: Path, fake: Fake) -> None:
    recipe = load_recipe(Path("recipe.yaml"))
    for decoding, grammar, gives in (
        ("free", "auto", False), ("constrained", "auto", True), ("constrained", "vllm", True), ("constrained", "llamacpp", False),
    ):  # fmt: skip
        options = ServerOptions(fake.url, grammar=grammar)  # type: ignore[arg-type]
        assert ServedModel(recipe, SystemOptions(decoding, server=options), options, None).gives_confidences == gives  # type: ignore[arg-type]
    assert not fake.requests, "the server is not asked"
