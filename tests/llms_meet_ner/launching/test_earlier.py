"""What is in an output folder decides: go on, begin, or refuse, and nothing there is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.launching.earlier import SETTINGS_FILE, Beginning, beginning, keep_settings
from llms_meet_ner.training.recipe import Recipe

OUT = Path("outputs/x")


def recipe(**keys: Any) -> Recipe:
    known = {
        "model_name_or_path": "m",
        "template": "qwen",
        "dataset": "d",
        "output_dir": str(OUT),
        "dataset_dir": "data",
    }
    return Recipe(Path("r.yaml"), {**known, "per_device_train_batch_size": 1, "gradient_accumulation_steps": 8, **keys})


def data(text: str = "[1]", **told: Any) -> None:
    Path("data").mkdir(exist_ok=True)
    entries = {name: {"file_name": f"{name}.json", **told} for name in ("d", "e")}
    Path("data/dataset_info.json").write_text(json.dumps(entries))
    Path("data/d.json").write_text(text)
    Path("data/e.json").write_text("[2]")


def checkpoint(step: int, *, complete: bool = True, base: str = "m") -> None:
    folder = OUT / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    if complete:
        (folder / "trainer_state.json").write_text(json.dumps({"global_step": step}))


def refused(**keys: Any) -> str:
    before = {path: path.stat().st_mtime_ns for path in OUT.rglob("*")}
    with pytest.raises(LmnError) as caught:
        beginning(recipe(**keys))
    assert {path: path.stat().st_mtime_ns for path in OUT.rglob("*")} == before
    return str(caught.value)


def test_an_empty_folder_or_none_is_a_beginning(workdir: Path) -> None:
    assert beginning(recipe()) == Beginning()
    OUT.mkdir(parents=True)
    assert beginning(recipe()) == Beginning()
    (OUT / "trainer_log.jsonl").write_text("")
    assert beginning(recipe()) == Beginning()


def test_a_run_that_was_interrupted_goes_on_from_its_last_checkpoint(workdir: Path) -> None:
    data()
    keep_settings(recipe())
    for step in (50, 100, 9):
        checkpoint(step)
    assert beginning(recipe()) == Beginning(OUT / "checkpoint-100", (), ("goes on from outputs/x/checkpoint-100",))
    assert beginning(recipe(gradient_accumulation_steps=2), processes=4).checkpoint == OUT / "checkpoint-100"
    assert beginning(recipe(logging_steps=7, save_total_limit=1)).checkpoint == OUT / "checkpoint-100"


def test_a_checkpoint_that_was_being_written_is_passed_over(workdir: Path) -> None:
    data()
    keep_settings(recipe())
    checkpoint(100, complete=False)
    line = refused()
    assert line.startswith(
        "outputs/x/checkpoint-100: incomplete, and there is no other checkpoint in outputs/x; remove it, or begin anew"
    )
    checkpoint(50)
    begun = beginning(recipe())
    assert begun.words == ("resume_from_checkpoint=outputs/x/checkpoint-50",)
    assert begun.notes == ("goes on from outputs/x/checkpoint-50", "checkpoint-100 is incomplete and not used")


@pytest.mark.parametrize("finished", [True, False])
def test_an_adapter_is_not_written_over(finished: bool, workdir: Path) -> None:
    OUT.mkdir(parents=True)
    (OUT / "adapter_model.safetensors").write_bytes(b"weights")
    if finished:
        (OUT / "all_results.json").write_text("{}")
        checkpoint(100)
    line = refused()
    what = "the training there has finished" if finished else "an adapter is there, and no checkpoint to go on from"
    assert line == (
        f"outputs/x/adapter_model.safetensors: {what}, and it is not written over; train in another folder: output_dir=outputs/x_2; "
        "to train this adapter further: adapter_name_or_path=outputs/x output_dir=outputs/x_2"
    )
    assert beginning(recipe(output_dir="outputs/x_2")) == Beginning()
    assert beginning(recipe(overwrite_output_dir=True)).notes == (
        "overwrite_output_dir is true: what is in outputs/x is written over",
    )


def test_a_run_that_was_killed_while_it_saved_its_adapter_saves_it_again(workdir: Path) -> None:
    data()
    keep_settings(recipe())
    checkpoint(100)
    (OUT / "adapter_model.safetensors").write_bytes(b"half")
    assert beginning(recipe()).checkpoint == OUT / "checkpoint-100"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"learning_rate": 1e-4}, "learning_rate was not set and is 0.0001"),
        ({"model_name_or_path": "other"}, "model_name_or_path was 'm' and is 'other'"),
        ({"gradient_accumulation_steps": 4}, "a step had 8 examples and has 4"),
        ({"dataset": "e"}, "dataset was 'd' and is 'e'"),
    ],
)
def test_a_run_with_other_settings_is_not_continued(keys: dict[str, Any], line: str, workdir: Path) -> None:
    data()
    keep_settings(recipe())
    checkpoint(100)
    assert f"outputs/x: the run there was begun otherwise: {line}" in refused(**keys)
    assert "output_dir=outputs/x_2" in refused(**keys)
    beginning(recipe(**keys, output_dir="outputs/x_2"))


@pytest.mark.parametrize(
    ("key", "before", "now", "needs"),
    [
        ("eval_dataset", "e", "d", {"load_best_model_at_end": True}),
        ("eval_steps", 5, 6, {"early_stopping_steps": 2}),
        ("save_steps", 5, 10, {"lr_scheduler_type": "reduce_lr_on_plateau"}),
        ("per_device_eval_batch_size", 1, 2, {"load_best_model_at_end": True}),
        ("preprocessing_batch_size", 10, 20, {"packing": True}),
        ("preprocessing_num_workers", 1, 2, {"neat_packing": True}),
        ("dataloader_num_workers", 1, 2, {"streaming": True}),
    ],
)
def test_a_key_that_has_an_effect_with_another_one_is_compared_then(
    key: str, before: Any, now: Any, needs: dict[str, Any], workdir: Path
) -> None:
    data()
    keep_settings(recipe(**needs, **{key: before}))
    checkpoint(100)
    assert f"{key} was {before!r} and is {now!r}" in refused(**needs, **{key: now})
    keep_settings(recipe(**{key: before}))
    assert beginning(recipe(**{key: now})).checkpoint == OUT / "checkpoint-100"


def test_what_a_process_groups_or_streams_is_compared(workdir: Path) -> None:
    data()
    grouped = {"train_sampling_strategy": "group_by_length"}
    keep_settings(recipe(**grouped))
    checkpoint(100)
    halved = {"gradient_accumulation_steps": 4}
    with pytest.raises(
        LmnError, match="a step had 8 examples in a process and has 4, which decides what they are grouped"
    ):
        beginning(recipe(**grouped, **halved), processes=2)
    assert beginning(recipe(**grouped, **halved, per_device_train_batch_size=2)).checkpoint
    keep_settings(recipe(streaming=True))
    assert r"batches of another size: [1, 1], now [1, 2]" in refused(
        streaming=True, **halved, per_device_train_batch_size=2
    )
    keep_settings(recipe())
    assert beginning(recipe(**halved), processes=2).checkpoint


@pytest.mark.parametrize("lmn", [{}, {"lmn": {"sha256": "a" * 64}}])
def test_a_run_with_other_data_is_not_continued(lmn: dict[str, Any], workdir: Path) -> None:
    data(**lmn)
    keep_settings(recipe())
    checkpoint(100)
    assert beginning(recipe()).notes == ("goes on from outputs/x/checkpoint-100",)
    data("[3]", **lmn)
    assert "the data of d were others" in refused()
    data(**lmn, columns={"prompt": "input"})
    assert "the data of d were others" in refused()


def test_data_that_training_is_evaluated_on_are_compared_if_that_decides(workdir: Path) -> None:
    for needs, refuses in (({}, False), ({"load_best_model_at_end": True}, True)):
        data()
        keep_settings(recipe(eval_dataset="e", **needs))
        if not (OUT / "checkpoint-100").exists():
            checkpoint(100)
        Path("data/e.json").write_text("[3]")
        if refuses:
            assert "the data of e were others" in refused(eval_dataset="e", **needs)
        else:
            assert beginning(recipe(eval_dataset="e", **needs)).checkpoint


def test_data_in_a_folder_are_compared_and_those_elsewhere_are_named(workdir: Path) -> None:
    data()
    Path("data/d.json").unlink()
    Path("data/d.json/more").mkdir(parents=True)
    Path("data/d.json/more/1.json").write_text("[1]")
    keep_settings(recipe())
    checkpoint(100)
    assert beginning(recipe()).checkpoint
    Path("data/d.json/more/1.json").write_text("[2]")
    assert "the data of d were others" in refused()
    keep_settings(recipe(dataset_dir="ONLINE"))
    assert beginning(recipe(dataset_dir="ONLINE")).notes[1:] == (
        "the data of d were not compared with those that the run began with",
    )


def test_tokens_that_the_run_itself_has_written_do_not_stop_it(workdir: Path) -> None:
    data()
    keep_settings(recipe(tokenized_path="tokens"))
    checkpoint(100)
    Path("tokens").mkdir()
    Path("tokens/a.arrow").write_text("1")
    note = "the data of tokens were not compared with those that the run began with"
    assert beginning(recipe(tokenized_path="tokens")).notes[1:] == (note,)
    keep_settings(recipe(tokenized_path="tokens"))
    assert beginning(recipe(tokenized_path="tokens")).notes[1:] == ()
    Path("tokens/a.arrow").write_text("2")
    assert "the data of tokens were others" in refused(tokenized_path="tokens")


def test_a_run_of_llama_factory_alone_goes_on_if_it_has_the_same_model(workdir: Path) -> None:
    checkpoint(100)
    assert beginning(recipe()).notes == (
        "goes on from outputs/x/checkpoint-100",
        "the run was not begun by lmn-train: only its base model was compared with the recipe's",
    )
    assert "checkpoint-100: its adapter is for m, and the recipe trains n; begin anew" in refused(
        model_name_or_path="n"
    )


def test_settings_without_secrets_and_files_in_the_way(workdir: Path) -> None:
    keep_settings(recipe(swanlab_api_key="sk-1"))
    assert "sk-1" not in (OUT / SETTINGS_FILE).read_text()
    checkpoint(5)
    (OUT / SETTINGS_FILE).write_text("{")
    assert "not JSON" in refused()
    assert beginning(recipe(resume_from_checkpoint="c")).notes == ("goes on from c, as resume_from_checkpoint says",)
    Path("outputs/file").write_text("")
    assert "outputs/file: not a folder; set another one: output_dir=outputs/NAME" in refused(output_dir="outputs/file")
