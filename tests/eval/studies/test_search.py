"""`lmn-eval search`: which trials are run, what becomes of killed, failed and hopeless ones, and what the table says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from search_file import SEARCH, plan_of

from llms_meet_ner import LmnError
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.studies import search as search_module
from llms_meet_ner.eval.studies.search import Search, _distributions, _only_one, _sampler, train_shared
from llms_meet_ner.eval.studies.search_plan import SearchPlan, word
from llms_meet_ner.training.launch import OnEvaluation, TrainingError, TrainingOutcome

pytest.importorskip("optuna")


class Stand:
    """A trainer and a scorer: F1 falls with the distance of the learning rate from 1e-4; some trials end otherwise."""

    def __init__(
        self, ends: dict[int, Callable[[], object]] | None = None, losses: Sequence[Sequence[float]] = ()
    ) -> None:
        self.trained: list[list[str]] = []
        self.ends = ends or {}
        self.losses = losses

    def train(
        self,
        recipe: Path,
        words: Sequence[str],
        folder: Path,
        on_evaluation: OnEvaluation,
        keep_open: Sequence[int] = (),
    ) -> TrainingOutcome:
        number = len(self.trained)
        self.trained.append(list(words))
        if number in self.ends:
            self.ends[number]()
        for at, loss in enumerate(self.losses[number] if self.losses else (), 1):
            if on_evaluation(at, loss):
                return TrainingOutcome(10 * at, True)
        return TrainingOutcome(40, False)

    def score(self, plan: SearchPlan, words: Sequence[str]) -> Counts:
        rate = float(dict(text.split("=") for text in words)["learning_rate"])
        return Counts(round(1000 * min(rate, 1e-4) / max(rate, 1e-4)), 1000, 1000)


def run(plan: SearchPlan, stand: Stand | None = None) -> Search:
    stand = stand or Stand()
    search = Search(plan, stand.train, stand.score)
    search.run()
    return search


def raising(error: BaseException) -> Callable[[], object]:
    def end() -> None:
        raise error

    return end


def drawn(search: Search) -> list[dict[str, Any]]:
    return [trial.parameters for trial in search.trials() if trial.state != "killed"]


def test_trials_train_the_recipe_with_drawn_tied_and_common_keys_and_the_best_is_printed(plan: SearchPlan) -> None:
    stand = Stand()
    search = run(plan, stand)
    assert len(stand.trained) == len(search.trials()) == 6
    first = dict(text.split("=") for text in stand.trained[0])
    assert list(first) == ["num_train_epochs", "learning_rate", "lora_rank", "lora_alpha", "output_dir"]
    assert int(first["lora_alpha"]) == 2 * int(first["lora_rank"])
    assert first["output_dir"] == "outputs/search_s/trial-0"
    best = search.best
    assert best is not None
    assert best.counts is not None
    assert best.counts.f1 == max(trial.counts.f1 for trial in search.trials() if trial.counts)
    rate, rank = best.parameters["learning_rate"], best.parameters["lora_rank"]
    assert search.command(best) == (
        f"lmn-train base.yaml num_train_epochs=0.5 {word('learning_rate', rate)} lora_rank={rank} lora_alpha={2 * int(rank)}"
    )
    found = json.loads(Path("outputs/search_s/search.json").read_text())
    assert (found["best"], found["command"], len(found["rows"])) == (best.number, search.command(best), 6)
    table = Path("outputs/search_s/search.md").read_text().splitlines()
    assert (
        table[0]
        == "| trial | learning\\_rate | lora\\_rank | lora\\_alpha | steps | precision | recall | F1 | seconds |  |"
    )
    assert table[2].startswith(f"| {best.number} | {rate:.4g} | {rank} | {2 * int(rank)} | 40 |")
    assert table[2].endswith("| best |")
    assert table[-1] == f"    {search.command(best)}"


def test_a_search_that_was_killed_goes_on_as_if_nothing_had_been(
    plan: SearchPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = drawn(run(plan))
    other = plan_of(f"{SEARCH}out: outputs/killed\n")
    for kill in (3, 1):  # the fourth training of the first call, the second one of the second
        with pytest.raises(KeyboardInterrupt):
            run(other, Stand({kill: raising(KeyboardInterrupt())}))
    journal = Path("outputs/killed/journal.log")
    journal.write_bytes(journal.read_bytes() + b'{"op_code":')  # killed while it wrote
    Path("outputs/killed/journal.log.lock").symlink_to(journal)
    stand = Stand()
    resumed = run(other, stand)
    assert drawn(resumed) == undisturbed
    killed = [trial for trial in resumed.trials() if trial.state == "killed"]
    assert [trial.folder for trial in killed] == ["outputs/killed/trial-3", "outputs/killed/trial-5"]
    assert [words[-1] for words in stand.trained] == [f"output_dir=outputs/killed/trial-{number}" for number in (5, 7)]
    assert resumed.trials()[4].folder == "outputs/killed/trial-3"  # where its checkpoints are


def test_more_trials_can_be_added_but_not_to_another_search(plan: SearchPlan) -> None:
    run(plan)
    stand = Stand()
    run(plan_of(SEARCH.replace("trials: 6", "trials: 8")), stand)
    assert len(stand.trained) == 2
    other = plan_of(SEARCH.replace("[8, 16]", "[8, 32]").replace("split: dev", "split: testa"))
    with pytest.raises(LmnError, match="holds a search with another space, split; give this one another out"):
        Search(other)


def test_a_trial_that_fails_stays_in_the_table_and_the_search_goes_on(plan: SearchPlan) -> None:
    search = run(plan, Stand({2: raising(TrainingError("training ended with status 1: CUDA | out of memory"))}))
    assert [trial.state for trial in search.trials()] == ["scored"] * 2 + ["failed"] + ["scored"] * 3
    row = next(row for row in search.table().rows if row[0] == "2")
    assert row[-1] == "failed; training ended with status 1: CUDA | out of memory"
    assert (
        "| failed; training ended with status 1: CUDA \\| out of memory |"
        in Path("outputs/search_s/search.md").read_text()
    )
    assert json.loads(Path("outputs/search_s/search.json").read_text())["rows"][2]["f1"] is None
    assert row[4:9] == ("-",) * 5


def test_when_the_first_trial_fails_the_search_ends_and_tries_it_again_when_called_again(plan: SearchPlan) -> None:
    with pytest.raises(LmnError, match=r"trial 0: no data set; fix that, and call the search again"):
        run(plan, Stand({0: raising(TrainingError("no data set"))}))
    undisturbed = drawn(run(plan_of(f"{SEARCH}out: outputs/other\n")))
    assert drawn(run(plan)) == undisturbed


def test_a_trial_with_worse_evaluation_losses_than_the_others_ends_early(plan: SearchPlan) -> None:
    losses = [[0.5, 0.4, 0.3, 0.2]] * 4 + [[0.9, 0.9, 0.9, 0.9]] + [[0.5, 0.4, 0.2, 0.1]]
    search = run(plan, Stand(losses=losses))
    assert [trial.state for trial in search.trials()] == ["scored"] * 4 + ["pruned", "scored"]
    assert search.trials()[4].steps == 20  # never at the first evaluation
    unpruned = run(plan_of(f"{SEARCH}prune: false\nout: outputs/unpruned\n"), Stand(losses=losses))
    assert {trial.state for trial in unpruned.trials()} == {"scored"}


def test_the_same_parameters_are_trained_once(plan: SearchPlan) -> None:
    stand = Stand()
    text = SEARCH.replace("{low: 1.0e-5, high: 1.0e-3, log: true}", "[1.0e-4]")
    search = run(plan_of(f"{text}sampler: random\n"), stand)
    assert len(stand.trained) == 2
    assert len(search.trials()) == 6
    assert sum("as trial" in trial.note for trial in search.trials()) == 4


def test_two_searches_in_one_folder_are_refused_and_so_is_one_next_to_an_orphaned_training(workdir: Path) -> None:
    with _only_one(workdir) as lock:
        with pytest.raises(LmnError, match="another search is running there"), _only_one(workdir):
            pass
        orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock])
    try:
        with pytest.raises(LmnError, match="or a training that it left behind"), _only_one(workdir):
            pass
    finally:
        orphan.kill()
        orphan.wait()
    with _only_one(workdir):
        pass


@pytest.mark.parametrize("noted", [0, 1])
@pytest.mark.parametrize("queued", [False, True])
def test_a_trial_that_was_killed_before_its_parameters_were_noted_is_drawn_again(
    plan: SearchPlan, noted: int, queued: bool
) -> None:
    undisturbed = [row["lora_rank"] for row in drawn(run(plan_of(SEARCH + "out: other\n")))]
    search = Search(plan, Stand().train, Stand().score)
    search._study.sampler = _sampler(plan, 0)
    if queued:
        search._study.enqueue_trial({"learning_rate": 2e-4, "lora_rank": 8})
    distributions = dict(list(_distributions(plan).items())[:noted])
    search._study.ask(distributions)
    done = run(plan)
    assert "| - |" in (plan.out / "search.md").read_text()
    assert [trial.state for trial in done.trials()] == ["killed"] + ["scored"] * plan.trials
    assert queued or [row["lora_rank"] for row in drawn(done)] == undisturbed
    assert not queued or done.trials()[1].parameters["learning_rate"] == 2e-4


def test_a_training_that_has_finished_is_taken_as_it_is(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []

    def launch(*words: object, trainer: str, flags: list[str]) -> TrainingOutcome:
        started.append((words[1], trainer, *flags))
        return TrainingOutcome(40, True)

    monkeypatch.setattr(search_module, "launch_training", launch)
    told: list[tuple[int, float]] = []
    folder = workdir / "trial-0"
    folder.mkdir()
    (folder / "trainer_log.jsonl").write_text(
        '{"current_steps": 20, "eval_loss": 1.5}\n{"current_steps": 30, "loss": 1.0}\n'
    )

    def train(**how: bool) -> TrainingOutcome:
        return train_shared(
            Path("base.yaml"), ["seed=1"], folder, lambda number, loss: told.append((number, loss)) is None, **how
        )

    assert (train(), started, told) == (TrainingOutcome(40, True), [(["seed=1"], "lmn-train")], [])
    train(allow_cut=True)
    assert started[1:] == [(["seed=1"], "lmn-train", "--allow-cut")]
    (folder / "all_results.json").write_text("{}")
    assert (train(), len(started), told) == (TrainingOutcome(30, False), 2, [(1, 1.5)])
