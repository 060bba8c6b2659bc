"""Commands under attack: an old result in a folder, the change that makes the new one differ, the command, and what readers see.

`state` returns what all readers see together, or raises an `LmnError` with a remedy. Old and new beside each other is a state that is
neither the old nor the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from curve_project import RUN, StandIn, draw, save, write_project
from killing import kill_at
from mix_sources import MIX, write_sources
from paths import DEMO
from publish_command import call as publish
from publishing import trained
from search_file import RECIPE, SEARCH, plan_of

from llms_meet_ner import LmnError, Sentence, get_format
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.publish.folder import MANIFEST, check_ours
from llms_meet_ner.eval.scored_run.files import load_evaluation
from llms_meet_ner.eval.studies.search import Search
from llms_meet_ner.files import TEMPORARY
from llms_meet_ner.generation import known_sha256
from llms_meet_ner.prediction.merge import merge_shards
from llms_meet_ner.prediction.run import check_run, predict
from llms_meet_ner.prediction.shards import Shard
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.training.dataset_info import load_entry, read_answers
from llms_meet_ner.training.launch import TrainingOutcome


@dataclass(frozen=True)
class Scene:
    """A command under attack, in the working directory.

    Attributes:
        prepare: Makes the old result and everything that it needs.
        change: Changes something, so that the command makes another result.
        work: Runs the command.
        state: Returns what the readers see, or raises an LmnError with a remedy.
        steps: Whether the result grows in steps, so that states between the old and the new one are whole, too.
    """

    prepare: Callable[[], object]
    change: Callable[[], object]
    work: Callable[[], object]
    state: Callable[[], Any]
    steps: bool = False

    def whole(self, state: Any, states: tuple[Any, Any]) -> bool:
        """Return whether a state is the old or the new result, or one on the way."""
        return state in states or (self.steps and states[0] <= state <= states[1])


def invoke(command: Any, *words: str | Path) -> None:
    """Run a command; a status other than 0 is that of this process, too."""
    result = CliRunner().invoke(command, list(map(str, words)))
    if result.exit_code:
        raise SystemExit(result.exit_code)


def _names(folder: Path) -> dict[str, str]:
    """Return a hash of each file of a folder that is no lock and no temporary file."""
    return {path.name: known_sha256(path) for path in sorted(folder.glob("[!.]*")) if path.is_file()}


def _copy_demo() -> None:
    shutil.copytree(DEMO, "corpus")
    _cut_corpus(slice(40))
    convert()


def convert() -> None:
    """Convert the corpus in the working directory."""
    invoke(lmn_convert, "corpus/card.yaml", "--out", "data")


def _cut_corpus(kept: slice) -> None:
    for path in Path("corpus").glob("demo.*"):
        path.write_text("\n\n".join(path.read_text().split("\n\n")[kept]) + "\n")


def converted() -> Any:
    """Return the data of all splits, as training and prediction read them."""
    names = [f"demo_{split}" for split in ("train", "testa", "testb")]
    seen = [
        (sentence.id, output)
        for name in names
        for sentence, output in read_answers(Path("data"), load_entry(Path("data"), name))
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _mix() -> None:
    invoke(lmn_convert, "mix", "mix.yaml", "--out", "mixed")


def _prepare_mix() -> None:
    write_sources(Path.cwd())
    _mix()


def mixed() -> Any:
    """Return the sentences of a mix's splits; none may be in two."""
    splits = [
        [(sentence.tokens, sentence.spans) for sentence in read_corpus("mixed", split)] for split in ("train", "test")
    ]
    assert not {tokens for tokens, _ in splits[0]} & {tokens for tokens, _ in splits[1]}
    return splits


SYSTEM = CountingBaseline("capitalised", [])
OLD = [Sentence(f"old/{number}", ("Ada", "left")) for number in range(40)]
NEW = [Sentence(f"new/{number}", ("Olli", "Holm", "saw", "Oslo")) for number in range(40)]


def predicted(folder: Path = Path("run")) -> Any:
    """Return the predictions of a run, checked as scoring checks them, with the system's own stamp."""
    final = folder / "predictions.jsonl"
    if not final.is_file():
        raise LmnError("no such file", final, "predict")
    rows = final.read_text()
    check_run(folder, SYSTEM, OLD if '"old/0"' in rows else NEW)
    return rows


def _shards(sentences: list[Sentence]) -> None:
    for number in (1, 2):
        predict(SYSTEM, sentences, Path(f"run-shard{number}of2"), shard=Shard(number, 2), restart=True)


def _answer(wrong: int) -> None:
    """Write predictions for the demo corpus, of which every `wrong`-th marks nothing."""
    fmt = get_format("bracketed")
    with Path("p.jsonl").open("w", encoding="utf-8") as file:
        for number, sentence in enumerate(read_corpus("demo", "testb")):
            output = fmt.render(sentence) if number % wrong else sentence.text
            file.write(json.dumps({"id": sentence.id, "output": output, "decoding": "free"}) + "\n")


def _score() -> None:
    invoke(lmn_eval, "--corpus", "demo", "--split", "testb", "--predictions", "p.jsonl", "--out", "scored", "--html")


def scored() -> Any:
    """Return the counts of a scored run. Its page shows their F1, if it is there."""
    run = load_evaluation(Path("scored")).run
    page = Path("scored/report.html")
    assert not page.exists() or f"{run.scores.micro.f1:.4f}" in page.read_text(), "the page of other scores"
    return run.scores.micro


def _publish() -> None:
    publish("--dry-run")


def published() -> Any:
    """Return the hashes of a published folder's files, which its manifest must list."""
    folder = Path("outputs/tiny/hub")
    check_ours(folder)
    manifest = json.loads((folder / MANIFEST).read_text()) if (folder / MANIFEST).is_file() else {}
    if None in manifest.values():
        raise LmnError("unfinished", folder, "publish again")
    assert manifest == _names(folder)
    return manifest


def _draw_curve() -> None:
    from llms_meet_ner.eval.studies import curve

    curve.predict = StandIn()  # type: ignore[assignment]
    draw()


def _prepare_curve() -> None:
    write_project(Path.cwd())
    save(Path("outputs/mini/checkpoint-4"), 4, 2)
    _draw_curve()


def curve() -> Any:
    """Return the points of a curve. Its table has a row for each, if it is there."""
    points = [point["checkpoint"] for point in json.loads((RUN / "curve.json").read_text())["points"]]
    view = RUN / "curve.md"
    assert not view.exists() or _rows(view) == len(points), "the table of another curve"
    return points


def _rows(markdown: Path) -> int:
    """Return the number of rows of the table in a file."""
    lines = [line for line in markdown.read_text().splitlines() if line.startswith("|")]
    return len(lines) - 2


def _search(trials: int) -> None:
    Path("base.yaml").write_text(RECIPE)
    plan = plan_of(SEARCH.replace("trials: 6", f"trials: {trials}"))
    Search(plan, lambda *_: TrainingOutcome(40, False), lambda *_: Counts(3, 10, 10)).run()


def searched() -> Any:
    """Return the number of trials that a search has scored; its two files must list the same trials."""
    out = next(Path().rglob("journal.log")).parent
    if not (out / "search.json").exists() or not (out / "search.md").exists():
        raise LmnError("not written yet", out, "search again")
    rows = json.loads((out / "search.json").read_text())["rows"]
    assert _rows(out / "search.md") == len(rows), "the table of another search"
    return sum(row["state"] == "scored" for row in rows)


def _merge() -> None:
    merge_shards([Path("run-shard1of2"), Path("run-shard2of2")], restart=True)


SCENES = {
    "convert": Scene(_copy_demo, lambda: _cut_corpus(slice(2, None)), convert, converted),
    "mix": Scene(_prepare_mix, lambda: Path("mix.yaml").write_text(MIX + "seed: 5\n"), _mix, mixed),
    "predict": Scene(
        lambda: predict(SYSTEM, OLD, Path("run")), lambda: None, lambda: predict(SYSTEM, NEW, Path("run"), restart=True), predicted,
    ),
    "merge": Scene(lambda: (_shards(OLD), _merge()), lambda: _shards(NEW), _merge, predicted),
    "eval": Scene(lambda: (_answer(10), _score()), lambda: _answer(3), _score, scored),
    "publish": Scene(
        lambda: (trained(Path.cwd()), _publish()), lambda: Path("outputs/tiny/trainer_log.jsonl").unlink(), _publish, published,
    ),
    "curve": Scene(_prepare_curve, lambda: save(Path("outputs/mini/checkpoint-8"), 8, 7), _draw_curve, curve),
    "search": Scene(lambda: _search(1), lambda: None, lambda: _search(3), searched, steps=True),
}  # fmt: skip
"""The commands, by name."""


def made(name: str, folder: Path) -> tuple[Any, Any]:
    """Make a scene's old result in `folder/old`, changed so that the command makes another; return both states."""
    scene = SCENES[name]
    old = folder / "old"
    old.mkdir(parents=True)
    os.chdir(old)
    scene.prepare()
    before = scene.state()
    scene.change()
    shutil.copytree(old, folder / "new", symlinks=True)
    os.chdir(folder / "new")
    scene.work()
    after = scene.state()
    assert before != after, "the attack needs two results that differ"
    return before, after


def attack(
    name: str, folder: Path, kill: Callable[[Path, Callable[[], object]], bool], states: tuple[Any, Any]
) -> tuple[bool, list[str]]:
    """Kill a scene's command once in a copy of the old result, and return whether it was killed, and what is wrong then.

    Args:
        name: Name of the scene.
        folder: Folder of `made`.
        kill: Runs the command in a folder and kills it; returns whether it did.
        states: The old and the new state.
    """
    scene = SCENES[name]
    place = folder / "attacked"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder / "old", place, symlinks=True)
    os.chdir(place)
    killed = kill(place, scene.work)
    wrong: list[str] = []
    try:
        if not scene.whole(scene.state(), states):
            wrong.append("old beside new, and no reader notices")
    except LmnError as error:
        if not error.remedy:
            wrong.append(f"refused without a remedy: {error}")
    except Exception as error:  # a traceback for a user
        wrong.append(f"no clear error: {error!r}")
    if killed:
        try:
            if kill_at(10**9, place, scene.work):
                wrong.append("the next run did not end")
            if scene.state() != states[1]:
                wrong.append("the next run does not mend it")
        except Exception as error:
            wrong.append(f"the next run does not mend it: {error!r}")
        left = [str(path.relative_to(place)) for path in place.rglob(f"*{TEMPORARY}")]
        if left:
            wrong.append(f"temporary files stay: {left}")
    os.chdir(folder)
    return killed, wrong
