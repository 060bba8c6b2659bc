"""The wheel in fresh environments and an empty directory, without the checkout: make wheel-check runs this.

The light install comes from the package index, with all that it depends on. The other environment takes the wheel alone, and the large
packages from the environment that runs the tests.
"""

from __future__ import annotations

import configparser
import email
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from paths import ROOT

pytestmark = pytest.mark.wheel
LARGE = ("torch", "transformers", "peft", "datasets", "spacy", "huggingface_hub", "llamafactory", "openai", "httpx")
TEXT = "Ada Lovelace met Charles Babbage in London .\n"
FEW_STEPS = ("max_steps=3", "eval_dataset=null", "output_dir=outputs/few")
"""A training of the demo's student that takes seconds, and learns nothing."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment with the wheel, and an empty working directory, which its tests fill in order."""

    folder: Path
    work: Path

    def run(self, *words: str, code: int = 0, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the working directory."""
        variables = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        done = subprocess.run(
            [self.folder / "bin" / words[0], *words[1:]], cwd=self.work, input=given, capture_output=True, text=True, check=False,
            env={**variables, "HF_HUB_OFFLINE": "1", "HF_HOME": str(self.work / "hub")},
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        return done


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Source distribution and wheel; the wheel is built from the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True, cwd=folder
    )
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(built: list[Path]) -> Path:
    (found,) = (path for path in built if path.suffix == ".whl")
    return found


def environment(folder: Path, wheel: Path, *options: str) -> Environment:
    """Return a new environment with the wheel."""
    venv.create(folder / "venv", with_pip=True)
    made = Environment(folder / "venv", folder / "work")
    made.work.mkdir()
    made.run("python", "-m", "pip", "install", "--quiet", *options, str(wheel))
    return made


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment(tmp_path_factory.mktemp("light"), wheel)


@pytest.fixture(scope="module")
def heavy(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    made = environment(tmp_path_factory.mktemp("heavy"), wheel, "--no-deps")
    (packages,) = made.folder.glob("lib/python*/site-packages")
    behind = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    (packages / "behind.pth").write_text("".join(f"{path}\n" for path in behind))
    return made


def test_the_distributions_are_what_an_index_takes(built: list[Path], wheel: Path) -> None:
    assert [path.suffix for path in built] == [".whl", ".gz"]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *built], check=True, capture_output=True)
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        described = email.message_from_bytes(file.read(metadata)).get_payload()
    assert not re.findall(r"\]\((?![a-z]+:|#)", str(described)), "relative links lead nowhere on an index"
    files = [path for path in (ROOT / "recipes").rglob("*") if path.suffix in {".yaml", ".json"}]
    assert len(files) > 25
    assert {f"llms_meet_ner/{path.relative_to(ROOT).as_posix()}" for path in files} <= names
    assert not [name for name in names if "generate" in name or name.startswith(("tests/", "recipes/"))]


def test_the_light_install_is_light_and_lies_outside_the_checkout(light: Environment) -> None:
    code = f"import importlib.util as util, llms_meet_ner; print(llms_meet_ner.__file__, [n for n in {LARGE} if util.find_spec(n)])"
    place, large = light.run("python", "-c", code).stdout.split(maxsplit=1)
    assert Path(place).is_relative_to(light.folder)
    assert large.strip() == "[]"


def test_every_command_has_its_help(light: Environment) -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    scripts = [line.split(" = ")[0] for line in setup["options.entry_points"]["console_scripts"].strip().splitlines()]
    assert "lmn-demo" in scripts
    for name in scripts:
        assert light.run(name, "--help").stdout.startswith(f"Usage: {name} ")


def test_the_light_install_converts_scores_and_copies_recipes(light: Environment) -> None:
    light.run("lmn-convert", "demo", "--variant", "short")
    rows = json.loads((light.work / "data/alpaca/demo.short_testb.json").read_text(encoding="utf-8"))
    outputs = [{"id": row["id"], "output": row["output"].replace("| PER]", "| LOC]")} for row in rows]
    (light.work / "out").mkdir()
    (light.work / "out/predictions.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in outputs))
    scored = light.run(
        "lmn-eval", "--predictions", "out/predictions.jsonl", "--corpus", "demo", "--split", "testb", "--html"
    )
    assert re.search(r"^PER +0\.0000 +0\.0000 +0\.0000", scored.stdout, re.MULTILINE)
    assert re.search(r"^ORG +1\.0000 +1\.0000 +1\.0000", scored.stdout, re.MULTILINE)
    assert (light.work / "out/report.html").is_file()
    assert "students/minilm_demo " in light.run("lmn-recipes").stdout
    copied = light.run("lmn-recipes", "copy", "qwen25_conll_zero2").stdout.splitlines()
    assert [(light.work / path).is_file() for path in copied] == [True, True]


MISSING = {
    "lmn-train demo_smollm2": "train",
    "lmn-train students/minilm_demo": "train",
    "lmn-demo": "train,demo",
    "lmn-publish --recipe demo_smollm2 --repo me/ner --dry-run": "tag",
    "lmn-publish --repo me/ner": "tag",
    "lmn-tag --adapter me/ner text.txt": "tag",
    "lmn-serve --adapter me/ner": "serve",
    "lmn-eval --adapter me/ner --corpus demo --split testb": "tag",
    "lmn-eval --recipe demo_smollm2 --split testb --untrained": "train",
    "lmn-predict --recipe demo_smollm2 --split testb --untrained": "train",
    "lmn-eval search search/demo": "search",
    "lmn-annotate doubts demo --recipe students/minilm_demo --out doubts": "doubts",
}
"""Commands that the light install cannot carry out, and the extra that they need."""


@pytest.mark.parametrize("command", MISSING)
def test_a_command_names_the_extra_that_it_lacks(light: Environment, command: str) -> None:
    (light.work / "text.txt").write_text(TEXT)
    (light.work / "search").mkdir(exist_ok=True)
    search = "recipe: recipes/demo_smollm2.yaml\ntrials: 1\nsplit: testa\nspace: {seed: [1]}\n"
    (light.work / "search/demo").write_text(search)
    error = light.run(*command.split(), code=1).stderr.splitlines()[-1]
    assert error.startswith("Error: "), error
    assert f"pip install 'llms-meet-ner[{MISSING[command]}]'" in error


def test_the_demo_begins_in_an_empty_directory(heavy: Environment) -> None:
    assert list(heavy.work.iterdir()) == []
    told = heavy.run("lmn-demo", "--prepare").stdout
    assert f"in {heavy.work};" in told
    assert [line for line in told.splitlines() if line.startswith("==")] == ["== model", "== encoder", "== convert"]
    assert "400 examples, 8 a step, 85 steps" in heavy.run("lmn-train", "demo_smollm2", "--dry-run").stdout


def test_a_packaged_student_is_trained_scored_published_and_tags(heavy: Environment) -> None:
    heavy.run("lmn-train", "students/minilm_demo", *FEW_STEPS)
    recipe = ("--recipe", "students/minilm_demo")
    heavy.run("lmn-eval", *recipe, "--split", "testb", "--limit", "20", *FEW_STEPS)
    scores = json.loads(next((heavy.work / "outputs/few").rglob("scores.json")).read_text(encoding="utf-8"))
    assert scores["recipe"] == "students/minilm_demo"
    tagged = heavy.run("lmn-tag", "--adapter", "outputs/few", given=TEXT).stdout
    assert "Babbage" in tagged
    heavy.run(
        "lmn-publish",
        *recipe,
        "--repo",
        "me/ner",
        "--base-model",
        "sentence-transformers/all-MiniLM-L6-v2",
        "--dry-run",
        *FEW_STEPS,
    )
    card = (heavy.work / "outputs/few/hub/README.md").read_text(encoding="utf-8")
    assert str(heavy.folder) not in card
    assert str(ROOT) not in card
