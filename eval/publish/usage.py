"""Commands and Python code to use and to reproduce what is published."""

from __future__ import annotations

import shlex
from importlib.util import find_spec

from ...decoding.requests import DECODINGS
from ...errors import install_command
from ...reading import PUBLISHED
from ...students.student_file import INT8_FILE
from ...systems.finding import OUTPUTS
from ...systems.student import RUN_NAME
from ...tagging.splitting import AUTO_LANGUAGE
from .publication import Publication

RECIPE_FILE = "recipe.yaml"
_ANY_LANGUAGE = "xx"


def splitter_language(published: Publication) -> str:
    """Return the language whose rules split text into tokens: the corpus's if spaCy has rules for it, otherwise that for any.

    Where tokens join without spaces, `auto` makes every character a token, without the packages that spaCy needs for some languages.
    """
    if not published.spec.join:
        return AUTO_LANGUAGE
    code = published.language
    if code is None:
        return _ANY_LANGUAGE
    try:
        known = find_spec(f"spacy.lang.{code}") is not None
    except ModuleNotFoundError:  # spaCy is not installed here, so take the code as it is
        known = True
    return code if known else _ANY_LANGUAGE


def python_snippet(published: Publication) -> str:
    """Return Python that tags a sentence with the adapter, or with the merged model."""
    text = repr(published.data.example.source)
    return (
        "from llms_meet_ner import load\n\n"
        f"tagger = load({published.repo!r}, language={splitter_language(published)!r})\n"
        f"for entity in tagger.tag([{text}])[0].entities:\n"
        "    print(entity.start, entity.end, entity.label, entity.text, entity.confidence)"
    )


def pipeline_snippet(published: Publication) -> str:
    """Return Python that marks a sentence with transformers alone."""
    text = repr(published.data.example.source)
    return (
        "from transformers import pipeline\n\n"
        f'ner = pipeline("token-classification", model={published.repo!r}, aggregation_strategy="first")\n'
        f"for entity in ner({text}):\n"
        '    print(entity["start"], entity["end"], entity["entity_group"], entity["word"], entity["score"])'
    )


def tag_command(published: Publication) -> str:
    """Return the command that tags a file."""
    words = ["lmn-tag", "--adapter", published.repo, "--language", splitter_language(published), "news.txt"]
    return " ".join(map(shlex.quote, words))


def _training(published: Publication) -> list[str]:
    """Return the commands that train again, and that export what was exported, to the folder that the recipe names."""
    if not published.is_exported:
        return [f"lmn-train {RECIPE_FILE}"]
    exported = f"{OUTPUTS}/{published.recipe.name}"
    trained = f"{exported}-trained"
    words = ["lmn-train", "export", trained, "--out", exported]
    words += ["--int8"] if any(name == INT8_FILE for name, _ in published.weights.files) else []
    return [
        f"lmn-train {RECIPE_FILE} {shlex.quote(f'output_dir={trained}')}",
        install_command("onnx"),
        " ".join(map(shlex.quote, words)),
    ]


def rescoring(published: Publication) -> str:
    """Return the commands that score the published spans again."""
    lines = []
    for run in published.rescorable:
        words = [
            "lmn-eval",
            "--adapter",
            published.repo,
            "--corpus",
            run.corpus,
            "--source",
            "DIR",
            "--split",
            run.split,
        ]
        first = next(one for one in published.rescorable if (one.corpus, one.split) == (run.corpus, run.split))
        words += [] if run is first else ["--decoding", run.name]
        if run is first or run.name in DECODINGS:
            lines.append(" ".join(map(shlex.quote, [*words, "--published-predictions"])))
    return "\n".join(lines)


def commands(published: Publication) -> str:
    """Return the commands that train and score the adapter again, with the published recipe."""
    convert = published.data.convert_command()
    lines = [
        install_command("train"),
        f"{convert}   # DIR: the corpus's files" if convert else "# convert the corpus with lmn-convert",
        *_training(published),
    ]
    for run in published.scored.runs:
        words = ["lmn-eval", "--recipe", RECIPE_FILE, "--split", run.split]
        if published.data.entry is None or run.corpus != published.data.entry.corpus:
            words += ["--corpus", run.corpus]
        words += ["--decoding", run.decoding] if run.name == run.decoding else []
        words += ["--reading", run.reading] if run.reading == PUBLISHED and run.other_reading else []
        line = " ".join(map(shlex.quote, words))
        lines.append(line if run.name in (run.decoding, RUN_NAME) else f"{line}   # run {run.name!r}")
    return "\n".join(dict.fromkeys(lines))
