"""Every JSON file that may come from elsewhere: with any value replaced, any key missing, it is read or it is one error."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from search_file import first_plan
from small_tokenizers import byte_level
from spoiled_json import WHOLE, spoiled

from llms_meet_ner import LmnError, get_format
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters import load_card, prompt_spec_of, read_corpus
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.decoding.batches import Batch
from llms_meet_ner.eval.analysis.comparison import Comparison
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.publish.card import _log_table
from llms_meet_ner.eval.publish.folder import MANIFEST, _put
from llms_meet_ner.eval.report import markdown_report, write_page
from llms_meet_ner.eval.report.terminal import as_json, as_table
from llms_meet_ner.eval.scored_run.files import load_evaluation
from llms_meet_ner.eval.studies.curve import Point, Scope, _curve, _earlier_points
from llms_meet_ner.eval.studies.results import Study
from llms_meet_ner.eval.studies.search import Search
from llms_meet_ner.files import sha256_of
from llms_meet_ner.prediction.resume import run_batches
from llms_meet_ner.prediction.shards import sentences_sha256
from llms_meet_ner.prompting.spec import Example
from llms_meet_ner.prompting.templates import encode_prompt, prepare_tokenizer, stop_ids
from llms_meet_ner.records import Answer, Uncertainty
from llms_meet_ner.rendering.tables import aligned
from llms_meet_ner.sentence import Span, tokens_sha1
from llms_meet_ner.systems.finding import read_prompt
from llms_meet_ner.systems.serve_command import chat_template
from llms_meet_ner.training.dataset_info import load_entry, read_answers, sibling
from llms_meet_ner.training.launch import TrainingOutcome
from llms_meet_ner.training.logs import TrainerState, TrainingLog
from llms_meet_ner.typed_json import to_json

HARMFUL = set("\x1b\x07\x9b\u202e\x00\r")


class Target(NamedTuple):
    """A file, and what reads it.

    Attributes:
        path: File to spoil.
        document: Value to spoil.
        use: Reads the file as a user would have it read; raises `LmnError`, or ends.
        before: Lines before the value, in a JSON Lines file.
        after: Lines after it.
        costs: Number of other targets that take as long.
    """

    path: Path
    document: Any
    use: Callable[[], object]
    before: list[str] = []  # noqa: RUF012 - never changed
    after: list[str] = []  # noqa: RUF012
    costs: int = 1

    def contents(self) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """Yield what is wrong in a content of the file, and what makes the content."""
        for what, write in spoiled(self.document):
            yield what, lambda write=write: self.around(write().encode())
        for whole in WHOLE:
            yield repr(whole[:20]), lambda whole=whole: whole
            yield f"a line {whole[:20]!r}", lambda whole=whole: self.around(whole)

    def around(self, text: bytes) -> bytes:
        """Return a content of the file with a text in the place of the value."""
        lines = [line.encode() for line in self.before], [line.encode() for line in self.after]
        return b"".join(line + b"\n" for line in (*lines[0], text, *lines[1]))


def call(command: Any, *words: str) -> str:
    """Run a command; its errors that are one line are an `LmnError` here, and nothing harmful is printed."""
    result = CliRunner().invoke(command, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert not HARMFUL & set(result.output)
    if result.exit_code:
        assert "Error: " in result.stderr
        raise LmnError(result.stderr)
    return result.stdout


def prompt_spec() -> Iterator[Target]:
    spec = prompt_spec_of(load_card("demo"), "bracketed", "short").to_dict()
    spec["labels"] = spec["labels"][:1]
    spec["label_origins"] = {spec["labels"][0]["name"]: spec["labels"][0]["name"], "X": None}
    spec["template"] = {
        "name": "t", "prefix": [{"special": "bos_token"}], "system": ["{{content}}"], "user": [{"token": "<pad>"}, "{{content}}"],
        "default_system": "x", "stop_words": ["<end>"], "replace_eos": True, "merge_system": False, "assistant": ["{{content}}"],
    }  # fmt: skip

    def use() -> None:
        read = read_prompt(Path("prompt_spec.json"))
        assert read.template is not None
        prepare_tokenizer(byte_level(), read.template)
        stop_ids(byte_level(), read.template)
        ids = encode_prompt(byte_level(), read, "Ada left .", [Example("a", "b", "c")])
        assert "Ada" in byte_level().decode(ids)
        chat_template(read.template)
        get_format(read.format).instruction(read.labels, read.variant)
        read.save(Path("again.json"))

    yield Target(Path("prompt_spec.json"), spec, use)
    merged = {**spec, "template": {**spec["template"], "merge_system": True}}
    yield Target(Path("prompt_spec.json"), merged, use)


def data_sets() -> Iterator[Target]:
    call(lmn_convert, "demo", "--augment", "0.5", "--split", "train", "--out", "d")
    call(lmn_convert, "demo", "--split", "testb", "--out", "d")
    info = json.loads(Path("d/dataset_info.json").read_text())
    train, test = info

    def use() -> None:
        entry = load_entry(Path("d"), train)
        other = sibling(Path("d"), load_entry(Path("d"), train), "testb")
        for found in (entry, other):
            assert ".." not in (found.corpus, found.split)
            assert not {"/", "\0"} & {*found.corpus, *found.split}
            for _ in islice(read_answers(Path("d"), found), 3):
                pass

    yield Target(Path("d/dataset_info.json"), info, use, costs=4)
    yield Target(
        Path("d/dataset_info.json"), info, lambda: call(lmn_convert, "demo", "--split", "testb", "--out", "d"), costs=20
    )
    data = Path("d", info[test]["file_name"])
    rows = json.loads(data.read_text())[:3]

    def use_rows() -> None:
        info[test]["lmn"]["sha256"] = sha256_of(data)
        Path("d/dataset_info.json").write_text(json.dumps(info))
        for _ in read_answers(Path("d"), load_entry(Path("d"), test)):
            pass

    yield Target(data, rows, use_rows)


def predicted(number: int) -> list[dict[str, Any]]:
    """Return records for the first sentences of the demo corpus, with every key that a record may have."""
    rows = []
    for position, sentence in enumerate(islice(read_corpus(load_card("demo"), "testb"), number)):
        output = get_format("bracketed").render(sentence).replace("| LOC]", "| ORG]" if position % 3 else "| LOC]")
        spans = get_format("bracketed").parse(output, sentence.tokens, load_card("demo").labels).spans
        rows.append({
            "id": sentence.id, "output": output + " [Nowhere | LOC]" * (position == 0), "tokens_sha1": tokens_sha1(sentence.tokens),
            "decoding": "free", "spans": [[span.start, span.end, span.label] for span in spans], "status": "exact", "reasons": ["a"],
            "confidences": [0.5 + position / 250] * len(spans), "uncertainty": {"mean": 0.1, "max": position / 100}, "replaced": 1,
        })  # fmt: skip
    return rows


def predictions() -> Iterator[Target]:
    ours = predicted(8)
    of_spans = [{**row, "output": None, "confidences": None} for row in ours]
    foreign = [{"predict": row["output"], "label": ""} for row in ours]
    words = ["--corpus", "demo", "--split", "testb", "--limit", "8", "--predictions", "p.jsonl"]
    for rows, more in ((ours, ["--scorer", "llms4ner"]), (of_spans, []), (foreign, ["--scorer", "llms4ner"])):
        lines = [json.dumps(row) for row in rows]
        use = partial(call, lmn_eval, *words, *more)
        yield Target(Path("p.jsonl"), rows[5], use, lines[:5], lines[6:], costs=4)


def notes_of_runs() -> Iterator[Target]:
    rows = predicted(3)
    Path("a").mkdir()
    Path("a/predictions.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    sentences = [[row["id"], row["tokens_sha1"]] for row in rows]
    stamp = {
        "model": "m", "adapter": {"name": "x", "commit": "c", "revision": None}, "adapter_sha256": "0", "decoding": "free", "device": "cpu",
        "prompt": prompt_spec_of(load_card("demo"), "bracketed", "short").to_dict(), "sentences": sentences,
        "shots": {"number": 2, "rule": "first", "seed": 1, "dataset": "d", "ids": ["a", "b"], "sha256": "0"},
        "shard": {"number": 1, "of": 1, "sentences_sha256": sentences_sha256(sentences)},
    }  # fmt: skip
    notes = {"plan_sha256": "0", "stamp": stamp, "batches": [[[0], [5]]], "system_sha256": "x", "notes": {}}
    words = ["--corpus", "demo", "--split", "testb", "--limit", "3", "--predictions", "a/predictions.jsonl"]
    yield Target(Path("a/run.json"), notes, lambda: call(lmn_eval, *words), costs=15)

    def merge() -> None:
        call(lmn_predict, "merge", "a", "--out", "m", "--restart")
        call(lmn_predict, "merge", "a", "--out", "m")

    yield Target(Path("a/run.json"), notes, merge, costs=4)
    lines = [json.dumps(row) for row in rows]
    yield Target(Path("a/predictions.jsonl"), rows[2], merge, lines[:2], costs=4)


def scored_runs() -> Iterator[Target]:
    Path("a").mkdir()
    Path("a/p.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in predicted(30)))
    words = ["--corpus", "demo", "--split", "testb", "--limit", "30", "--predictions", "a/p.jsonl"]
    call(lmn_eval, *words, "--baselines", "--scorer", "llms4ner")
    scores, sentences = Path("a/scores.json"), Path("a/sentences.jsonl")
    row = {name: {"ours": 0.5, "theirs": None, "difference": None} for name in ("precision", "recall", "f1")}
    compared = {
        "title": "t", "source": "s", "rows": [{"kind": "strict", "name": "micro", "title": "x", "digits": 2, **row}],
        "differing": ["a"], "conditions": ["b"],
    }  # fmt: skip
    document = json.loads(scores.read_text()) | {
        "references": {"model": "m", "compared": [compared], "others": {"results": 3, "lowest_f1": 0.1, "highest_f1": 0.9}, "part": False},
        "adapter": {"name": "x", "revision": None}, "shots": {"number": 2, "rule": "r", "seed": 1, "dataset": "d", "ids": ["a"], "sha256": "0"},
        "min_confidence": None, "label_origins": {"PER": "PER", "X": None},
    }  # fmt: skip

    def use() -> None:
        evaluation = load_evaluation(Path("a"))
        run = evaluation.run
        assert not HARMFUL & set(as_table(run))
        for text in (run._repr_html_(), as_json(run), str(markdown_report(run)), run.name):
            text.encode()
        write_page(Path("report.html"), evaluation)
        assert not HARMFUL & set(Path("report.html").read_text())

    yield Target(scores, document, use, costs=24)
    lines = sentences.read_text().splitlines()
    number = next(number for number, line in enumerate(lines) if '"type"' in line)

    def use_sentences() -> None:  # a stranger writes their hash, too
        scores.write_text(json.dumps({**document, "sentences_sha256": sha256_of(sentences)}))
        use()

    yield Target(sentences, json.loads(lines[number]), use_sentences, lines[:number], lines[number + 1 :], costs=4)

    def compare() -> None:
        list(Comparison.of(load_evaluation(Path("a")), load_evaluation(Path("a")), 1).lines())
        call(lmn_eval, "report", "a", "--markdown")

    yield Target(scores, document, compare, costs=60)


def unfinished_runs() -> Iterator[Target]:
    batches = [Batch((0, 1), (5, 5)), Batch((2,), (5,))]

    def answer(batch: Batch) -> list[Answer]:
        text, spans = Answer("x", (0.5,), Uncertainty(0.1, 0.2)), Answer(None, None, None, (Span(0, 1, "A"),))
        return [spans if item == 1 else text for item in batch.items]

    def stopped(batch: Batch) -> list[Answer]:
        if batch.items == (2,):
            raise KeyboardInterrupt
        return answer(batch)

    with pytest.raises(KeyboardInterrupt):
        run_batches(Path("f"), batches, {"a": 1}, stopped)
    first, second = Path("f/predictions.partial.jsonl").read_text().splitlines()

    def use() -> None:
        for found in run_batches(Path("f"), batches, {"a": 1}, answer).values():
            json.dumps(found.to_list(), ensure_ascii=False).encode()

    yield Target(Path("f/predictions.partial.jsonl"), json.loads(first), use, [], [second])
    yield Target(Path("f/predictions.partial.jsonl"), json.loads(second), use, [first])


def logs() -> Iterator[Target]:
    results = {"train_loss": 1.0, "train_runtime": 50.0, "epoch": 1.0}
    entries = [{"step": 5, "loss": 1.0, "learning_rate": 0.1, "epoch": 0.5}, {"step": 10, "eval_loss": 1.0, "epoch": 1}]
    lines = [
        json.dumps({"current_steps": 5, "total_steps": 10, "loss": 1.5, "lr": 0.1, "epoch": 0.5}),
        json.dumps({"current_steps": 10, "total_steps": 10, "eval_loss": 1.5, "epoch": 1.0}),
    ]

    def use() -> None:
        log = TrainingLog.read(Path())
        TrainerState.read(Path())
        list(aligned(_log_table(log)))
        assert len(log.eval_losses) <= len(log.points)

    yield Target(Path("trainer_state.json"), {"global_step": 10, "epoch": 1.0, "log_history": entries}, use)
    yield Target(Path("all_results.json"), results, use)
    yield Target(Path("trainer_log.jsonl"), json.loads(lines[1]), use, lines[:1])


def studies() -> Iterator[Target]:
    prompt = prompt_spec_of(load_card("demo"), "bracketed", "short").to_dict()
    scope = Scope("r", "m", "c", "s", "0", 10, 20, "free", prompt)
    points = {
        f"checkpoint-{step}": Point(f"checkpoint-{step}", step, step / 10, 1.0, 1.0, "0", Counts(1, 2, 3)) for step in (5, 10)
    }  # fmt: skip

    def use() -> None:
        curve = _curve(scope, {}, _earlier_points(Path("curve.json"), scope), None, [])
        assert all("".join(row).encode() for row in curve.table.rows)

    yield Target(Path("curve.json"), to_json(_curve(scope, points, {}, None, ["x"])), use)
    interval, counts = [0.1, 0.2], {"correct": 1, "predicted": 2, "gold": 3}
    result = {
        "name": "a", "format": "xml", "decoding": "free", "shots": None, "counts": counts, "f1_interval": interval,
        "statuses": {"exact": 1, "repaired": 0, "failed": 0}, "command": "b", "traces": {"commit": "c"},
    }  # fmt: skip
    study = {"title": "t", "about": "a", "corpus": "c", "split": "s", "results": [result]}
    yield Target(Path("study.json"), study, lambda: str(Study.load(Path("study.json")).markdown()).encode())


def searches() -> Iterator[Target]:
    pytest.importorskip("optuna")
    plan = first_plan(Path())

    def train(recipe: Path, words: object, folder: Path, *more: object) -> TrainingOutcome:
        return TrainingOutcome(40, False)

    def use() -> None:
        search = Search(plan, train, lambda *_: Counts(1, 2, 3))
        assert all("".join(row).encode() for row in search.table().rows)
        assert all(Path(trial.folder).parent == plan.out for trial in search.trials() if trial.folder)
        assert search.best is None or search.command(search.best)

    Search(replace(plan, trials=1), train, lambda *_: Counts(1, 2, 3)).run()
    journal = plan.out / "journal.log"
    lines = journal.read_text().splitlines()
    for number, line in enumerate(lines):
        yield Target(journal, json.loads(line), use, lines[:number], lines[number + 1 :], costs=4)


def published_folders() -> Iterator[Target]:
    for folder in ("new", "hub"):
        Path(folder).mkdir()
    Path("outside.txt").touch()

    def use() -> None:
        for path in (Path("new/a.txt"), Path("new", MANIFEST)):
            path.write_text("{}")
        _put(Path("new"), Path("hub"), ["a.txt"])
        assert Path("outside.txt").is_file()
        assert Path("hub/a.txt").is_file()

    names = dict.fromkeys(
        ("a.txt", "b.txt", "", "..", "../outside.txt", "a\x00b", "\x1b", str(Path("outside.txt").resolve()))
    )
    yield Target(Path("hub", MANIFEST), names, use)


TARGETS = (
    prompt_spec,
    data_sets,
    predictions,
    notes_of_runs,
    scored_runs,
    unfinished_runs,
    logs,
    studies,
    searches,
    published_folders,
)


def attack(make: Callable[[], Iterator[Target]], every: float) -> int:
    """Read spoiled files and return how many; anything but success and `LmnError` is a failure.

    Args:
        make: Makes the targets in the working directory.
        every: Step from one file that is tried to the next, for a target that costs 1.
    """
    tried = 0
    failed: dict[str, str] = {}
    for number, target in enumerate(make()):
        valid = target.around(json.dumps(target.document).encode())
        target.path.write_bytes(valid)
        target.use()
        drawn = random.Random(number)
        step = max(1, round(every * target.costs))
        for what, write in islice(target.contents(), drawn.randrange(step), None, step):
            target.path.write_bytes(write())
            tried += 1
            try:
                target.use()
            except LmnError as error:
                if HARMFUL & set(str(error)):
                    failed[f"{target.path} {what}"] = f"harmful: {error}"
            except Exception as error:
                failed[f"{target.path} {what}"] = f"{type(error).__name__}: {error}"[:300]
        target.path.write_bytes(valid)
    assert failed == {}
    return tried


@pytest.mark.parametrize("make", TARGETS)
def test_a_spoiled_file_is_read_or_is_one_error(workdir: Path, make: Callable[[], Iterator[Target]]) -> None:
    assert attack(make, every=12) > 10


@pytest.mark.verify
@pytest.mark.parametrize("make", TARGETS)
def test_every_spoiled_file_is_read_or_is_one_error(
    workdir: Path, make: Callable[[], Iterator[Target]], record_testsuite_property: Callable[[str, object], None]
) -> None:
    tried = attack(make, every=0.25)
    record_testsuite_property(f"{make.__name__} tried", tried)
    print(f"{make.__name__}: {tried:,} spoiled files tried")
