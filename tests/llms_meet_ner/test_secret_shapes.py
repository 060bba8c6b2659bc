"""Secrets are known by their look or their name, and ordinary text is none."""

from __future__ import annotations

import pytest
from secrets_of_all_kinds import SECRETS

from llms_meet_ner.secret_shapes import is_secret_name, shapes_in

ORDINARY = [
    "The task-based approach of sk-learn-0.24.1 took 12 s .",
    "Basic understanding of infrastructure , Bearer of bad news : 1234567890123456",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "commit d1b359c0a8b7f6e5d4c3b2a1908f7e6d5c4b3a29",
    "Qwen/Qwen2.5-7B-Instruct HuggingFaceTB/SmolLM2-135M-Instruct meta-llama/Llama-3.1-8B",
    "see https://example.org:8080/a?b=c and write to me@example.org",
    '"eos_token": "<|im_end|>", "max_new_tokens": 512, "token": "a1"',
    "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "Password : the word of the day",
    "The Key Largo / Secret Garden - tour 2024",
    "hf_hub_token, ms_hub_token",
]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_known_by_its_look(kind: str) -> None:
    text = f"before {SECRETS[kind]} after"
    found = list(shapes_in(text))
    assert found
    assert all(text[shape.start : shape.end] != text for shape in found)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_holds_no_secret(text: str) -> None:
    assert list(shapes_in(text)) == []


@pytest.mark.parametrize(
    "name",
    ["hub_token", "HF_TOKEN", "my_secret", "api_key", "some_apikey", "credentials", "wandb_password", "aws_secret_access_key",
     "swanlab_lark_webhook_url", "AWS_ACCESS_KEY_ID", "DB_PWD", "OPENAIKEY", "x-api-key"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["max_new_tokens", "tokenizer", "secretary", "eos_token", "TOKENIZERS_PARALLELISM", "PWD", "OLDPWD", "SSH_AUTH_SOCK", "KEYBOARD",
     "lora_target", "include_num_input_tokens_seen", "add_special_tokens", "ignore_pad_token_for_loss", "split_special_tokens"],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)
