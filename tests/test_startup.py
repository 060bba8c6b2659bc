"""No command imports a large package before it knows that it needs it: `--help` and an error in an option come at once."""

from __future__ import annotations

import json
import subprocess
import sys
from configparser import ConfigParser

from paths import ROOT

LARGE = {
    "asyncio", "datasets", "deepspeed", "fastapi", "httpx", "huggingface_hub", "jinja2", "json_repair", "jsonschema", "llamafactory", "matplotlib",
    "nervaluate", "numpy", "onnx", "onnxruntime", "openai", "optuna", "pandas", "peft", "pkg_resources", "prometheus_client", "pydantic", "requests", "rich", "safetensors", "scipy", "seqeval",
    "sklearn", "spacy", "tokenizers", "torch", "transformers", "uvicorn",
}  # fmt: skip
SEEN = """
import json, sys
from importlib import import_module

from click.testing import CliRunner

def commands(command, words):
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, [*words, name])

large, mains = map(json.loads, sys.argv[1:])
rows = []
for name, main in mains.items():
    module, _, function = main.partition(":")
    top = getattr(import_module(module), function)
    for words in commands(top, []):
        result = CliRunner().invoke(top, [*words, "--help"], prog_name=name)
        asked = " ".join([name, *words])
        rows.append([asked, result.exit_code, result.output.startswith(f"Usage: {asked} "), sorted(sys.modules.keys() & large)])
print(json.dumps(rows))
"""


def entry_points() -> dict[str, str]:
    """Functions of all commands by their names."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = settings["options.entry_points"]["console_scripts"].split("\n")
    return {name.strip(): main.strip() for name, _, main in (line.partition("=") for line in lines if line)}


def test_help_of_every_command_imports_no_large_package() -> None:
    words = [json.dumps(sorted(LARGE)), json.dumps(entry_points())]
    done = subprocess.run([sys.executable, "-c", SEEN, *words], capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)
    assert {"lmn-convert init", "lmn-eval compare", "lmn-predict merge", "lmn-publish", "lmn-tag"} <= {
        row[0] for row in rows
    }
    assert [row for row in rows if row[1:] != [0, True, []]] == []
