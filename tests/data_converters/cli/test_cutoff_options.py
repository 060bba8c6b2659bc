"""`--recipe` of `lmn-convert` and `lmn-convert check`: the examples that a recipe's `cutoff_len` would cut."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from converting import run
from paths import CONLL
from small_tokenizers import byte_level

from llms_meet_ner.launching import lengths

RECIPE = """\
model_name_or_path: no/such-model
template: default
dataset: conll2003_train
dataset_dir: data/alpaca
output_dir: outputs/x
cutoff_len: 2048
"""


@pytest.fixture
def recipe(workdir: Path) -> str:
    (workdir / "r.yaml").write_text(RECIPE)
    return "r.yaml"


def test_converting_counts_what_a_recipe_cuts_and_names_the_first_places(
    recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lengths, "_tokenizer_of", lambda recipe, fetch: copy.deepcopy(byte_level()))
    words = ["conll2003", "--source", CONLL, "--variant", "short", "--recipe", recipe]
    whole = run(*words).stdout
    assert "lengths for r.yaml (with the model's tokenizer and LLaMA-Factory's template):\n" in whole
    assert whole.count("cutoff_len 2,048 cuts none of ") == 3
    longest = int(whole.split("train: ")[1].split("the longest has ")[1].split()[0])
    cut = run(*words, f"cutoff_len={longest - 1}").stdout
    assert f"  train: cutoff_len {longest - 1:,} cuts 1 of 5 examples" in cut
    assert f"cutoff_len={longest} cuts none\n" in cut
    assert f"conll2003/train/1 ({CONLL}/eng.train:3): {longest} tokens, of which " in cut
    info = json.loads(Path("data/alpaca/dataset_info.json").read_text())
    assert "recipe" not in info["conll2003.short_train"]["lmn"]["command"]


def test_without_the_tokenizer_the_counts_are_estimates(recipe: str) -> None:
    words = ["conll2003", "--source", CONLL, "--recipe", recipe]
    for command in ([], ["check"]):
        told = run(*command, *words, "cutoff_len=200").stdout
        assert (
            "lengths for r.yaml (estimated, since the tokenizer of no/such-model is not on this machine: one token for 3 characters"
        ) in told
        assert "  train: cutoff_len 200 cuts about 5 of 5 examples; the longest has about " in told
    assert "of 5 examples" not in run("check", "conll2003", "--source", CONLL).stdout


def test_check_counts_with_the_wording_that_is_asked_for(recipe: str) -> None:
    words = ["check", "conll2003", "--source", CONLL, "--recipe", recipe, "cutoff_len=300"]
    assert "cuts about 5 of 5 examples" in run(*words).stdout
    assert "cuts probably none of 5 examples" in run(*words, "--variant", "short").stdout


def test_words_that_override_nothing_are_refused(recipe: str) -> None:
    for command in ([], ["check"]):
        assert "name the recipe with --recipe FILE" in run(*command, "conll2003", "cutoff_len=3", code=1).stderr
    assert "'cutoff' is not an override" in run("conll2003", "--recipe", recipe, "cutoff", code=1).stderr
    assert "no such file" in run("conll2003", "--recipe", "none.yaml", code=1).stderr
    assert not Path("data").exists()
