"""The options of a model are the same in every command that tags."""

from __future__ import annotations

from llms_meet_ner.cli.serve import main as lmn_serve
from llms_meet_ner.cli.tag import main as lmn_tag


def test_commands_that_tag_share_the_options_of_a_model() -> None:
    shared = ["adapter", "tokens", "language", "decoding", "batch_size", "dtype", "base", "prompt", "trust_remote_code"]
    described = []
    for command in (lmn_tag, lmn_serve):
        options = {option.name: option.to_info_dict() for option in command.params}
        described.append(
            {
                name: {key: value for key, value in options[name].items() if name != "tokens" or key != "help"}
                for name in shared
            }
        )
    assert described[0] == described[1]
