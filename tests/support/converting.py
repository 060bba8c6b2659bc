"""Run `lmn-convert` as a user does."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from llms_meet_ner.data_converters.cli.convert import main

PUBLISHED = (
    "Your task is to identify all named entities in the input sentence and rewrite the sentence by enclosing each entity using the "
    "format [Entity Text | LABEL]. Use only the label tags defined in the Label Set below.\n"
    "Label Set:\n"
    "ORG(organization): A collective entity such as a company, institution, brand, political or governmental body, publication, or "
    "any organized group of people acting as a unit.\n"
    "PER(person): A named individual, including humans, animals, fictional characters, and their aliases.\n"
    "LOC(location): A geographical or spatial entity, including natural features, built structures, regions, public or commercial "
    "places, assorted buildings, and abstract or metaphorical places.\n"
    "MISC(miscellaneous): Named entities that are not persons, organizations, or locations, including derived adjectives, religions, "
    "ideologies, nationalities, languages, events, programs, wars, titles of works, slogans, eras, and types of objects.\n"
    "Now process the input sentence:"
)
"""The published instruction of the card conll2003."""


def run(*arguments: str | Path, code: int = 0) -> Result:
    """Run the command in the working directory, and check its exit status and that no traceback comes out."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def forget_hashes(folder: Path) -> None:
    """Delete the hashes in a folder's `dataset_info.json`, as a user does who has edited the data, and as earlier versions wrote it."""
    path = folder / "dataset_info.json"
    info = json.loads(path.read_text())
    for entry in info.values():
        del entry["lmn"]["sha256"]
    path.write_text(json.dumps(info))
