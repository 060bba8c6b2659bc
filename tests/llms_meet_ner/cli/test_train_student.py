"""`lmn-train` with the recipe of a student, and the commands that take the student after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import FIXTURES, ROOT
from tiny_encoders import save_tiny_bert, student_recipe

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.cli.train import main as lmn_train
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval

pytest.importorskip("torch")


def test_from_training_to_scores_by_the_commands_of_an_adapter(workdir: Path) -> None:
    recipe = str(student_recipe(workdir, num_train_epochs=18))
    run = CliRunner().invoke
    dry = run(lmn_train, [recipe, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert (
        "100 sentences in 101 windows, 100 to evaluate on; 4 labels: ORG, PER, LOC, MISC" in dry.output
        or "100 sentences" in dry.output
    )
    assert not Path("outputs").exists()
    done = run(lmn_train, [recipe])
    assert done.exit_code == 0, done.output
    assert "dev loss" in done.output
    assert "student: outputs/tiny, as it was after epoch " in done.output
    refused = run(lmn_train, [recipe])
    assert refused.exit_code == 1
    assert "the training there has finished, and it is not written over" in refused.output

    predicted = run(lmn_predict, ["--recipe", recipe, "--split", "testb"])
    assert predicted.exit_code == 0, predicted.output
    assert "outputs/tiny/demo_testb/viterbi/predictions.jsonl: 100 sentences, 100 exact" in predicted.output
    scored = run(lmn_eval, ["--recipe", recipe, "--split", "testb", "--min-confidence", "0.01", "--html"])
    assert scored.exit_code == 0, scored.output
    by_folder = run(lmn_eval, ["--adapter", "outputs/tiny", "--corpus", "demo", "--split", "testb", "--out", "again"])
    assert by_folder.exit_code == 0, by_folder.output
    scores = json.loads(Path("again/scores.json").read_text())
    assert (scores["decoding"], scores["format"], scores["model"]) == ("none", "spans", "encoder")
    assert scores["calibration"] is not None
    curve = run(lmn_eval, ["curve", "--recipe", recipe, "--split", "testb", "--limit", "20"])
    assert curve.exit_code == 0, curve.output
    assert "the first 20 of 100 sentences, decoding none" in curve.output

    tagged = run(lmn_tag, ["--adapter", "outputs/tiny", "--format", "json"], input="Hussain struck 158 for Essex.\n")
    assert tagged.exit_code == 0, tagged.output
    assert json.loads(tagged.stdout.splitlines()[-1])["text"] == "Hussain struck 158 for Essex."


def test_the_recipe_of_a_published_system_is_scored_beside_its_published_figures(workdir: Path) -> None:
    save_tiny_bert(workdir / "bert-base-uncased")
    words = [str(ROOT / "recipes/students/multinerd_a.yaml"), "eval_dataset=null", "num_train_epochs=1", "device=cpu"]
    source = ["--source", str(FIXTURES / "multinerd")]
    for command, arguments in (
        (lmn_convert, ["multinerd", *source, "--split", "train"]),
        (lmn_train, words),
        (lmn_eval, ["--split", "train", *source, "--recipe", *words]),
    ):
        done = CliRunner().invoke(command, arguments)
        assert done.exit_code == 0, done.output
    assert "15 labels: " in CliRunner().invoke(lmn_train, [*words, "output_dir=outputs/b", "--dry-run"]).output
    assert "0.888253" in done.output


@pytest.mark.slow
@pytest.mark.training
def test_a_real_encoder_learns_and_a_pipeline_of_transformers_finds_the_same(workdir: Path, minilm: Path) -> None:
    from transformers import pipeline

    from llms_meet_ner import load
    from llms_meet_ner.data_converters import load_card, read_corpus

    changes = {
        "model_name_or_path": str(minilm),
        "dataset": "demo.short_train",
        "eval_dataset": None,
        "learning_rate": 5e-4,
    }
    recipe = str(student_recipe(workdir, **changes, max_steps=50, per_device_train_batch_size=12, head="linear"))
    run = CliRunner().invoke
    done = run(lmn_train, [recipe])
    assert done.exit_code == 0, done.output
    assert run(lmn_predict, ["--recipe", recipe, "--split", "testb"]).exit_code == 0
    scored = run(lmn_eval, ["--recipe", recipe, "--split", "testb", "--report", "json"])
    assert scored.exit_code == 0, scored.output
    scores = json.loads(Path("outputs/tiny/demo_testb/viterbi/scores.json").read_text())
    assert scores["seqeval"]["micro"]["f1"] > 0.25

    texts = [
        " ".join(one.tokens) for one in read_corpus(load_card("demo"), "train") if all(map(str.isalpha, one.tokens))
    ][:20]
    tagger = load("outputs/tiny", language=None)
    ours = [[(entity.start, entity.end, entity.label) for entity in tagged.entities] for tagged in tagger.tag(texts)]
    theirs = pipeline("token-classification", model="outputs/tiny", aggregation_strategy="first", device="cpu")
    found = [[(row["start"], row["end"], row["entity_group"]) for row in rows] for rows in theirs(texts)]
    same = [one for one, other in zip(ours, found) if one == other]
    assert sum(map(len, same)) >= 3
    assert len(same) >= 0.7 * len(texts)  # a pipeline takes the best tag of each word, valid or not


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["learning_rat=1"], "tiny.yaml: a student's recipe has no key 'learning_rat'; did you mean learning_rate?"),
        (["cutoff_len=9"], "tiny.yaml: a student's recipe has no key 'cutoff_len'"),
        (["head=crf"], "tiny.yaml: head is 'crf', and not linear, bilstm"),
        (["seed=x"], "seed is 'x', and not a whole number"),
        (["task=parsing"], "tiny.yaml: task is 'parsing'; task: token-classification trains an encoder student"),
        (["model_name_or_path=./nothere"], "tiny.yaml: no model in ./nothere"),
        (["window=4000"], "window: 4000: the encoder reads 64 subwords at once; write window: 64, or less"),
        (
            ["eval_strategy=sometimes"],
            "tiny.yaml: transformers refuses it: sometimes is not a valid IntervalStrategy",
        ),
        (["device=cuda"], "tiny.yaml: device is cuda, and torch finds no CUDA card; write device: cpu"),
        (["dataset=nothere"], "no data set 'nothere'"),
        (["--allow-cut"], "--allow-cut is for a recipe of LLaMA-Factory, and this one trains a student"),
    ],
)
def test_what_a_user_did_wrong_is_one_line(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    recipe = str(student_recipe(workdir))
    done = CliRunner().invoke(lmn_train, [recipe, "--dry-run", *words])
    assert done.exit_code != 0
    assert message in done.output
    assert not Path("outputs").exists()


def test_several_processes_are_refused(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_TORCHRUN", "1")
    done = CliRunner().invoke(lmn_train, [str(student_recipe(workdir))])
    assert (
        done.output == "Error: FORCE_TORCHRUN: a student is trained in one process; leave it out of the environment\n"
    )


def test_commands_for_models_that_write_text_refuse_a_student(workdir: Path) -> None:
    recipe = str(student_recipe(workdir))
    for command, words, why in (
        (lmn_predict, ["serve-command", "--recipe", recipe], "vLLM serves models that write text"),
        (lmn_convert, ["demo", "--recipe", recipe], "a student reads long sentences in windows: nothing is cut"),
    ):
        done = CliRunner().invoke(command, words)
        assert done.exit_code == 1
        assert f"tiny.yaml: trains a student, and {why}; name a recipe of LLaMA-Factory" in done.output
