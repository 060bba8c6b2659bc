"""What is checked of a base model's files, and what ordinary models have is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lora_files import tensor_file

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.model_files import check_base, check_folder
from llms_meet_ner.decoding.pretrained import Weights, load_pretrained

_QWEN = {
    "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "hidden_size": 3584, "model_type": "qwen2",
    "intermediate_size": 18944, "max_position_embeddings": 131072, "max_window_layers": 28, "num_attention_heads": 28, "vocab_size": 152064,
    "rope_theta": 1000000.0, "sliding_window": 131072, "torch_dtype": "bfloat16", "_name_or_path": "/home/me/x", "use_cache": True,
}  # fmt: skip
_LLAMA_4 = {"model_type": "llama4", "text_config": {"max_position_embeddings": 10485760, "num_local_experts": 128}}
_QUANTISED = {**_QWEN, "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}
_IMPLEMENTED = {
    **_QWEN,
    "_attn_implementation_autoset": True,
    "attn_implementation": {"": "sdpa"},
    "experts_implementation": None,
}
_FLASH = {**_QWEN, "_attn_implementation": "paged|flash_attention_2", "auto_map": {"AutoConfig": "a.B"}}


@pytest.mark.parametrize("config", [{}, _QWEN, _LLAMA_4, _QUANTISED, _IMPLEMENTED, _FLASH])
def test_configurations_that_people_have_are_taken(workdir: Path, config: dict[str, Any]) -> None:
    Path("config.json").write_text(json.dumps(config))
    Path("model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors"}})
    )
    check_folder(Path())


def test_a_folder_without_weights_is_left_to_transformers(workdir: Path) -> None:
    assert check_base(str(workdir)) is None
    tensor_file(workdir / "model.safetensors", {"a": [1]})
    (workdir / "consolidated.pth").touch()
    assert check_base(str(workdir)) is None
    (workdir / "model.safetensors").unlink()
    with pytest.raises(LmnError, match=r"holds no \*\.safetensors, and consolidated\.pth is not read"):
        check_base(str(workdir))


def test_a_model_on_the_hub_is_loaded_at_the_commit_that_was_checked(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(workdir))
    commit = "d" * 40
    folder = workdir / "models--me--x/snapshots" / commit
    folder.mkdir(parents=True)
    (workdir / "models--me--x/refs").mkdir()
    (workdir / "models--me--x/refs/v1").write_text(commit)
    (folder / "config.json").write_text('{"model_type": "llama"}')

    def load(name: str, **options: Any) -> None:
        raise OSError(f"{name} ({options['revision']}) and thus cannot be loaded with `safetensors`. Please do not set")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", load)
    with pytest.raises(LmnError, match=r"^me/x: has no weights as safetensors, .*from_pretrained\('me/x'") as error:
        load_pretrained(Weights("me/x", revision="v1"), "float32")
    assert f"({commit})" in str(error.value.__cause__)
    (folder / "config.json").write_text('{"attn_implementation": "stranger/kernel"}')
    with pytest.raises(LmnError, match=f"{commit}/config.json: attn_implementation is 'stranger/kernel'"):
        load_pretrained(Weights("me/x", revision="v1"), "float32")
