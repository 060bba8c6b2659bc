"""The tools by name, and the keys of their readers."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.exchange.registry import TOOLS, reader_keys
from llms_meet_ner.data_converters.readers import READERS


def test_each_tool_is_called_as_its_reader_and_makes_its_options() -> None:
    for name, tool in TOOLS.items():
        keys = reader_keys(tool, ("cut=drop", "crossing=longest"))
        options = tool.options(None, reviewed=False, keys=keys)
        assert (tool.name, type(options), options.cut, options.crossing) == (name, READERS[name], "drop", "longest")
        assert options.offsets == tool.unit


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cut", "--reader cut: not KEY=VALUE with a key of the tool's reader; write KEY=VALUE, where KEY is one of"),
        ("annotator=x", "not KEY=VALUE with a key of the tool's reader"),
        ("encoding=nonsense", "--reader encoding=nonsense: unknown encoding: nonsense; it takes Python's names"),
        ("encoding=utf-7", "--reader encoding=utf-7: utf-7 is not an encoding of text files"),
        ("cut=inward", "--reader cut=inward: cut is one of outward, drop, error; write cut=outward"),
    ],
)
def test_keys_of_the_reader_are_checked(given: str, message: str) -> None:
    with pytest.raises(LmnError, match=message):
        reader_keys(TOOLS["label-studio"], (given,))
