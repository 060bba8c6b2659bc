"""The command `lmn-predict`."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from fake_openai import Fake
from lora_files import lora_files
from served_project import RUN, call, predict

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.systems.serve_command import vllm_command
from llms_meet_ner.training.recipe import load_recipe


def test_the_light_install_is_enough(project: Path, fake: Fake) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(('torch', 'transformers', 'llamafactory')))"
    words = ["--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--base-url", fake.url]
    code = f"{hidden}; from llms_meet_ner.cli.predict import main; main({words!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "12 sentences" in done.stdout


def test_what_is_printed_is_the_file_and_its_statuses(project: Path, fake: Fake) -> None:
    for words in (
        ["--out", "whole", "--limit", "3"],
        ["--limit", "3", "--shard", "1/2"],
        ["--limit", "3", "--shard", "2/2"],
    ):
        result = predict(fake, *words)
    second = RUN.parent / "free-openai-first3-shard2of2"
    assert result.stdout == f"{second}/predictions.jsonl: 1 sentences, 1 exact, 0 repaired, 0 failed\n"
    merged = call(lmn_predict, "merge", str(second), str(second).replace("shard2", "shard1"), "--out", "merged")
    assert merged.stdout == "merged/predictions.jsonl: 3 sentences, 3 exact, 0 repaired, 0 failed\n"
    assert Path("merged/predictions.jsonl").read_bytes() == Path("whole/predictions.jsonl").read_bytes()
    assert "of 2 shards 1 missing" in call(lmn_predict, "merge", str(second), "--out", "other", code=1).stderr
    assert not Path("other").exists()


def test_a_split_that_is_not_converted_and_a_shard_that_cannot_be_are_one_error(project: Path, fake: Fake) -> None:
    base = ["--recipe", "recipe.yaml", "--engine", "openai", "--base-url", fake.url]
    assert "no data set of corpus mini, split dev" in call(lmn_predict, *base, "--split", "dev", code=1).stderr
    assert "shard" in call(lmn_predict, *base, "--split", "testb", "--shard", "3/2", code=1).stderr
    assert "Missing option '--split'" in call(lmn_predict, *base, code=2).stderr
    assert "Missing argument 'FOLDER...'" in call(lmn_predict, "merge", code=2).stderr
    assert not fake.requests


def test_the_command_for_a_server_can_be_pasted_into_a_shell(project: Path) -> None:
    recipe = load_recipe(Path("recipe.yaml"), ["output_dir=outputs/my run"])
    lora_files(recipe.output_dir)
    replace(recipe.train_entry().spec, template=pieces_of("default")).save(recipe.output_dir / "prompt_spec.json")
    base = ["serve-command", "--recipe", "recipe.yaml"]
    printed = call(lmn_predict, *base, "output_dir=outputs/my run").stdout
    lines = printed.splitlines()
    assert lines[0] == "vllm serve none/such \\"
    assert all(line.startswith("    --") and line.endswith(" \\") for line in lines[1:-1])
    words = subprocess.run(["sh", "-c", f"printf '%s\\n' {printed}"], capture_output=True, text=True, check=True).stdout
    assert words.splitlines() == vllm_command(recipe, "my run")
    named = call(lmn_predict, *base, "--name", "ner", "output_dir=outputs/my run").stdout
    assert shlex.split(named.replace("\\\n", " ")) == vllm_command(recipe, "ner")
