"""The commands and the Python of a model card: they run, whatever the names and texts hold."""

from __future__ import annotations

import ast
import shlex
from dataclasses import replace

import pytest
from hostile import HOSTILE
from published import DATA, publication
from scored_runs import scored_run

from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.publish.corpus import Shown
from llms_meet_ner.eval.publish.publication import Publication
from llms_meet_ner.eval.publish.scored import Scored
from llms_meet_ner.eval.publish.usage import commands, python_snippet, splitter_language, tag_command
from llms_meet_ner.eval.scored_run.run import OtherReading


def in_language(language: str) -> Publication:
    return publication(data=replace(DATA, card=replace(load_card("demo"), language=language)))


@pytest.mark.parametrize(("language", "code"), [("en", "en"), ("tr", "tr"), ("de-AT", "de"), ("qqq", "xx")])
def test_a_language_without_rules_is_split_as_any(language: str, code: str) -> None:
    pytest.importorskip("spacy")
    assert splitter_language(in_language(language)) == code
    assert tag_command(in_language(language)) == f"lmn-tag --adapter me/tiny-ner --language {code} news.txt"


def test_an_unknown_language_is_split_as_any() -> None:
    assert splitter_language(publication(data=replace(DATA, card=None))) == "xx"


@pytest.mark.parametrize("text", [*HOSTILE[::7], 'it\'s "so"', "back\\slash", "{braces}"])
def test_the_snippet_is_python_with_the_example_in_it(text: str) -> None:
    source = " ".join(text.split()) or "x"
    tree = ast.parse(python_snippet(publication(data=replace(DATA, example=Shown(source, "", True)))))
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert {"me/tiny-ner", "en", source} <= set(constants)
    imported = [name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
    assert imported == ["load"]


def test_the_commands_train_and_score_it_again() -> None:
    runs = [
        scored_run(predictions="o/demo_testb/constrained/predictions.jsonl", decoding="constrained"),
        scored_run(predictions="o/demo_testb/free/predictions.jsonl"),
        scored_run(predictions="o/demo_testb/free-openai/predictions.jsonl"),
        scored_run(predictions="o/wikigold_test/free/predictions.jsonl", corpus="wikigold", split="test"),
    ]
    assert commands(publication(scored=Scored(tuple(runs), (), ()))).splitlines() == [
        "pip install 'llms-meet-ner[train]'",
        "lmn-convert demo --source DIR   # DIR: the corpus's files",
        "lmn-train recipe.yaml",
        "lmn-eval --recipe recipe.yaml --split testb --decoding constrained",
        "lmn-eval --recipe recipe.yaml --split testb --decoding free",
        "lmn-eval --recipe recipe.yaml --split testb   # run 'free-openai'",
        "lmn-eval --recipe recipe.yaml --split test --corpus wikigold --decoding free",
    ]


def test_a_run_in_the_published_reading_names_it_if_the_other_one_differs() -> None:
    other = OtherReading("lenient", 1, Counts(1, 1, 1))
    run = scored_run(predictions="o/demo_testb/free/predictions.jsonl", other_reading=other)
    last = commands(publication(scored=Scored((run,), (), ()))).splitlines()[-1]
    assert last == "lmn-eval --recipe recipe.yaml --split testb --decoding free --reading published"


def test_a_command_stands_once_and_without_data_a_comment_says_what_to_do() -> None:
    run = scored_run(predictions="o/demo_testb/free/predictions.jsonl", corpus="my corpus")
    unknown = replace(DATA, entry=None, card=None)
    lines = commands(publication(data=unknown, scored=Scored((run, run), (), ()))).splitlines()
    assert lines[1] == "# convert the corpus with lmn-convert"
    assert lines[3:] == ["lmn-eval --recipe recipe.yaml --split testb --corpus 'my corpus' --decoding free"]


def test_every_option_that_is_named_exists() -> None:
    published = publication()
    lines = [tag_command(published), *commands(published).splitlines()]
    programs = {
        "lmn-tag": lmn_tag,
        "lmn-convert": lmn_convert.commands["convert"],
        "lmn-eval": lmn_eval.commands["score"],
    }
    checked = 0
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        if program in programs:
            known = {name for parameter in programs[program].params for name in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, line
            checked += 1
    assert checked == 3
