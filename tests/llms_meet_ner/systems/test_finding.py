"""Models without a recipe: what is found under a name, and what is said if something is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lora_files import lora_files
from standins import SPEC

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.model import load_model
from llms_meet_ner.decoding.pretrained import Weights
from llms_meet_ner.systems.finding import find_model
from llms_meet_ner.tagging.loading import load


def make_adapter(folder: Path, base: str | None = "nowhere/nothing") -> Path:
    lora_files(folder, base_model_name_or_path=base)
    SPEC.save(folder / "prompt_spec.json")
    return folder


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub out of reach, and nothing of it at hand."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("no_hub")
def test_what_is_missing_is_told_before_the_model_is_loaded(workdir: Path) -> None:
    adapter = make_adapter(workdir / "adapter")
    hub = "no such folder, and not in the cache of the Hub"
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "some/adapter"}, f"some/adapter: {hub}; name another, or go online$"),
        ({"name": "a/b/c"}, "a/b/c: no such folder, nor a Hub id, which is OWNER/NAME"),
        ({"name": "adapter"}, f"nowhere/nothing, the base model of adapter: {hub}; name another with --base MODEL$"),
        ({"name": "adapter", "base": "./gone"}, "./gone, the base model of adapter: no such folder, nor .*--base MODEL"),
        ({"name": "adapter", "prompt": Path("other.json")}, "other.json: no such file; lmn-predict writes it"),
    ]  # fmt: skip
    for arguments, message in cases:
        with pytest.raises(LmnError, match=f"^{message}"):
            find_model(**arguments)
    assert find_model("adapter", base=str(workdir)).spec == SPEC
    SPEC.without_template().save(adapter / "prompt_spec.json")
    with pytest.raises(LmnError, match=r"prompt_spec\.json: names no chat template"):
        find_model("adapter", base=str(workdir))
    (adapter / "prompt_spec.json").unlink()
    with pytest.raises(LmnError, match=r"prompt_spec\.json: no such file; .* or name one with --prompt FILE"):
        find_model("adapter")
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(LmnError, match=r"adapter_model\.safetensors: no such file; name a folder that"):
        find_model("adapter")


def hold_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.usefixtures("no_hub")
def test_a_base_of_a_relative_path_is_found_from_elsewhere(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = make_adapter(workdir / "project/outputs/demo", "models/small")
    base = hold_model(workdir / "project/models/small")
    monkeypatch.chdir(workdir / "project")
    assert find_model("outputs/demo").base == "models/small"
    assert capsys.readouterr().err == ""
    (workdir / "elsewhere").mkdir()
    monkeypatch.chdir(workdir / "elsewhere")
    for name in (str(adapter), "../project/outputs/demo"):
        assert find_model(name).base == str(base)
        assert capsys.readouterr().err == f"{name}: its base model, models/small, is {base}\n"
    other = hold_model(workdir / "other")
    assert find_model(str(adapter), base=str(other)).base == str(other), "what the user names comes first"
    hold_model(adapter / "models/small")
    with pytest.raises(
        LmnError, match=r"its base model, models/small, may be .*demo/models/small, .*; name one with --base MODEL$"
    ):
        find_model(str(adapter))
    assert find_model(str(adapter), base=str(base)).base == str(base)


@pytest.mark.usefixtures("no_hub")
def test_a_base_that_is_nowhere_near_is_refused_with_what_names_it(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = make_adapter(workdir / "project/outputs/demo", "models/small")
    lora_files(workdir / "project/models/small")  # an adapter is no base model
    with pytest.raises(
        LmnError, match=r"^models/small, the base model of .*: no such folder, .*; name another with --base MODEL$"
    ):
        find_model(str(adapter))


def test_an_adapter_that_names_no_base_or_is_damaged(workdir: Path) -> None:
    make_adapter(workdir / "adapter", None)
    with pytest.raises(LmnError, match=r"base_model_name_or_path names no model; name one with --base MODEL"):
        find_model("adapter")
    (workdir / "adapter/adapter_config.json").write_text("{")
    with pytest.raises(LmnError, match=r"adapter_config\.json:1: not JSON"):
        find_model("adapter")
    with pytest.raises(LmnError, match="no data type 'int8'"):
        load_model(Weights("x", Path("adapter")), SPEC, "int8")  # type: ignore[arg-type]
    with pytest.raises(LmnError, match="no decoding is called 'wild'"):
        load("adapter", decoding="wild")  # type: ignore[arg-type]


def test_a_hub_id_is_fetched_without_what_is_not_needed(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def snapshot_download(name: str, revision: None, allow_patterns: list[str]) -> str:
        asked[name] = allow_patterns
        return str(make_adapter(workdir / name.replace("/", "--")))

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    found = find_model("some/adapter")
    assert (found.base, found.spec) == ("nowhere/nothing", SPEC)
    assert asked == {
        "some/adapter": [
            "adapter_config.json",
            "adapter_model.safetensors",
            "prompt_spec.json",
            "config.json",
            "student.json",
        ],
        "nowhere/nothing": ["config.json"],
    }
