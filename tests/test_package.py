"""What the package says of itself: addresses, the README of an index, versions that agree."""

from __future__ import annotations

import configparser
import re
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest
import yaml
from paths import ROOT

import llms_meet_ner

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "https://forge.example/us/ner"


@pytest.fixture(scope="module")
def setup_script() -> ModuleType:
    spec = spec_from_file_location("setup_script", ROOT / "setup.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_of_an_index_has_no_relative_link(setup_script: ModuleType) -> None:
    links = re.findall(r"\]\((?![a-z]+:|#)([^)]+)\)", README)
    assert any(link.endswith(".png") for link in links)
    text = setup_script.readme_of_index(README, ADDRESS, "v9")
    assert not re.findall(r"\]\((?![a-z]+:|#)", text)
    for link in links:
        kind = "raw" if link.endswith(".png") else "blob"
        assert f"]({ADDRESS}/{kind}/v9/{link})" in text
    assert text.count("https://github.com/hiyouga") == README.count("https://github.com/hiyouga")


def test_without_a_repository_links_become_their_words_and_images_their_description(setup_script: ModuleType) -> None:
    assert setup_script.readme_of_index("a [b c](d.md#e), ![f](g.png) and [h](#i) `[x | Y]`", None, "v9") == (
        "a b c, *f* and [h](#i) `[x | Y]`"
    )
    assert not re.findall(r"\]\((?![a-z]+:|#)", setup_script.readme_of_index(README, None, "v9"))


def test_the_addresses_of_the_project_are_those_of_its_citation(setup_script: ModuleType) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert setup_script.repository() == citation.get("repository-code")
    assert setup_script.version() == citation["version"] == llms_meet_ner.__version__
    assert set(setup_script.addresses(ADDRESS, "v9")) == {"Source", "Documentation", "Changelog", "Issues"}
    assert setup_script.addresses(None, "v9") == {}


def test_the_authors_are_those_of_the_citation() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert settings["metadata"]["author"] == ", ".join(author["name"] for author in citation["authors"])
    assert settings["metadata"]["license"] == citation["license"]
