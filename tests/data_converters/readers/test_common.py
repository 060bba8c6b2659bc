"""What all readers share: files that are missing, and words of cards that the code and the schemas both know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from paths import ROOT

from llms_meet_ner.data_converters.mixing.mix import SAMPLES
from llms_meet_ner.data_converters.readers import READERS, CorpusFile
from llms_meet_ner.data_converters.readers.common import DOCSTARTS
from llms_meet_ner.data_converters.readers.tagged import SCHEME_NAMES
from llms_meet_ner.files import sha256_of
from llms_meet_ner.tags import REPAIRS

HERE = ROOT / "data_converters"


def properties(schema: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / schema).read_text(encoding="utf-8"))["properties"]
    return found


def test_a_file_of_a_corpus(tmp_path: Path) -> None:
    file = CorpusFile(tmp_path, "parts/a.conll")
    missing = file.missing()
    assert missing is not None
    assert (missing.what, missing.where) == ("no such file", f"{tmp_path}/parts/a.conll")
    assert missing.remedy == "--source DIR names the folder that holds parts/a.conll"
    (tmp_path / "parts").mkdir()
    file.path.write_text("x")
    assert file.missing() is None
    assert (str(file), file.sha256()) == (f"{tmp_path}/parts/a.conll", sha256_of(file.path))


def test_schemas_of_cards_and_mixes_have_the_words_of_the_code() -> None:
    card = properties("card.schema.yaml")
    assert card["docstart"]["enum"] == list(DOCSTARTS)
    assert card["repair"]["enum"] == list(REPAIRS)
    mix = properties("mixing/mix.schema.yaml")
    assert mix["sources"]["items"]["properties"]["repair"]["enum"] == list(REPAIRS)
    schema = yaml.safe_load((HERE / "mixing/mix.schema.yaml").read_text(encoding="utf-8"))
    assert schema["$defs"]["held_out"]["properties"]["sample"]["enum"] == list(SAMPLES)


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_has_a_schema_with_the_words_of_the_code(kind: str) -> None:
    keys = properties(f"readers/{kind}.schema.yaml")
    assert keys["type"] == {"const": kind}
    if "scheme" in keys:
        assert keys["scheme"]["enum"] == list(SCHEME_NAMES)
