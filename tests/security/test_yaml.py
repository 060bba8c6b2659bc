"""A few hundred bytes of YAML that stand for a billion values end in one error, wherever YAML is read."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner.data_converters.cli.convert import main as convert
from llms_meet_ner.errors import LmnError
from llms_meet_ner.eval.publish.base_model import base_licence
from llms_meet_ner.eval.published.results import PublishedSource
from llms_meet_ner.eval.studies.search_plan import load_plan
from llms_meet_ner.training.recipe import load_recipe
from llms_meet_ner.yaml_text import parse_yaml

LEVELS = "abcdefghi"
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{key}: &{key} [{','.join([f'*{before}'] * 9)}]\n" for before, key in pairwise(LEVELS)
)
MERGED = "a: &a {x: 1}\n" + "".join(
    f"{key}: &{key} {{<<: [{','.join([f'*{before}'] * 9)}]}}\n" for before, key in pairwise(LEVELS)
)
KEYS = "a: &a x\nb: &b {? *a : 1}\n" + "".join(
    f"{key}: &{key} [{', '.join([f'{{v: *{before}}}'] * 9)}]\n" for before, key in pairwise(f"{LEVELS[1:]}jk")
)
LADDER = "a0: &a0 [x]\n" + "".join(f"a{number}: &a{number} [*a{number - 1}]\n" for number in range(1, 2000))
BOMBS = {"aliases": ALIASES, "merged": MERGED, "keys": KEYS, "ladder": LADDER, "itself": "a: &a [*a, *a]\n"}
SAFE = r"more than 100,000 values|nested deeper than 100 levels"


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_in_a_recipe_a_search_or_a_reference_is_one_error(bomb: str, workdir: Path) -> None:
    path = Path("bomb.yaml")
    path.write_text(bomb)
    for load in (load_recipe, load_plan, PublishedSource.load):
        with pytest.raises(LmnError, match=SAFE):
            load(path)
    path.write_text("model_name_or_path: m\ntemplate: t\ndataset: d\noutput_dir: o\n")
    with pytest.raises(LmnError, match=SAFE):
        load_recipe(path, [f"key={bomb}"])


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize(
    "words", [["check", "bomb.yaml"], ["mix", "bomb.yaml"], ["check", "child.yaml"], ["mix", "child.yaml"]]
)
def test_a_bomb_in_a_card_or_a_mix_is_one_line_of_error(bomb: str, words: list[str], workdir: Path) -> None:
    Path("bomb.yaml").write_text(bomb)
    Path("child.yaml").write_text("extends: bomb.yaml\n")
    result = CliRunner().invoke(convert, words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert len(result.output.splitlines()) == 1
    assert "bomb.yaml" in result.output


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_in_the_card_of_a_base_model_leaves_its_licence_unknown(bomb: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"---\n{bomb}---\n")
    assert base_licence("base", str(tmp_path)) is None


@pytest.mark.parametrize(
    "tag", ["python/object/apply:os.system ['touch ran']", "python/name:os.system ''", "binary eA==", "set {a}"]
)
def test_a_tag_makes_no_object(tag: str, workdir: Path) -> None:
    with pytest.raises(LmnError, match="which is not read"):
        parse_yaml(f"a: !!{tag}", "a.yaml")
    assert not Path("ran").exists()


@pytest.mark.parametrize("number", ["1" + ":1" * 200_000, "0x" + "f" * 200_000, "9" * 200_000, "1." + "9" * 1000])
def test_a_number_that_takes_long_or_cannot_be_printed_is_refused(number: str) -> None:
    with pytest.raises(LmnError, match=r"^a\.yaml:1: a number of [0-9,]+ characters; put text in quotes$"):
        parse_yaml(f"a: {number}", "a.yaml")
