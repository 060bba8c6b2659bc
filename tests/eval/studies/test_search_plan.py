"""A search file: what it says of the search, which mistakes in it are named, and how a value is written for others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from search_file import SEARCH, plan_of

from llms_meet_ner import LmnError
from llms_meet_ner.eval.studies.search_plan import SearchPlan, word
from llms_meet_ner.training.recipe import load_recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("trials: 6", "trials: 0"), r"s\.yaml:2: trials: 0 is less than the minimum of 1; it is how many trials there are in all"),
        (("trials: 6", "trails: 6"), r"s\.yaml:\d: (search: the key 'trials' is missing|trails: no such key; there are: recipe)"),
        (("low: 1.0e-5", "low: 1"), r"s\.yaml:5: space\.learning_rate: low 1 is above high 0\.001"),
        (("low: 1.0e-5", "low: 0"), r"s\.yaml:5: space\.learning_rate: low 0 has no logarithm"),
        (("lora_rank: [8, 16]", "output_dir: [a]"), r"s\.yaml:6: space\.output_dir: output_dir is set by the search itself"),
        (("of: lora_rank", "of: rank"), r"s\.yaml:8: tie\.lora_alpha\.of: rank is not a number that is searched"),
        (("num_train_epochs: 0.5", "lora_rank: 4"), r"s\.yaml:6: space\.lora_rank: lora_rank is under space and overrides"),
        (("split: dev", "split: no"), r's\.yaml:\d: split: YAML reads no as false; quote it: "no"'),
        (("trials: 6", "trials: 6\nout: 2026"), r's\.yaml:3: out: YAML reads 2026 as a number; quote it: "2026"'),
        (("base.yaml", "none.yaml"), "none.yaml: no such file; name a YAML file, or a packaged recipe"),
    ],
)  # fmt: skip
def test_mistakes_in_a_search_file_are_named(plan: SearchPlan, change: tuple[str, str], message: str) -> None:
    with pytest.raises(LmnError, match=message):
        plan_of(SEARCH.replace(*change))


@pytest.mark.parametrize("value", [1e-5, 1.5e-07, 0.25, 1e22, 16, True, False, "cosine"])
def test_a_value_is_read_back_by_yaml_and_by_llama_factory_alike(value: Any, plan: SearchPlan) -> None:
    text = word("learning_rate", value)
    assert load_recipe(Path("base.yaml"), [text]).values["learning_rate"] == value
    omegaconf = pytest.importorskip("omegaconf")
    assert omegaconf.OmegaConf.from_cli([text])["learning_rate"] == value
