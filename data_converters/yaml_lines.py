"""YAML that remembers on which line each value stood, for errors that name a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ..errors import LmnError
from ..files import yaml_errors

KeyPath = tuple[str | int, ...]
_STRING = "tag:yaml.org,2002:str"


class YamlFile:
    """A parsed YAML file.

    Attributes:
        path: as given.
        value: mappings, lists and scalars.

    Raises:
        LmnError: the file cannot be read, is not YAML, or a key stands twice in one mapping.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise LmnError(f"{path}: cannot be read ({error})") from error
        with yaml_errors(path):
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self._check_keys(node)
            self.value: Any = yaml.safe_load(text)
        self._node = node

    def line_of(self, keys: Sequence[str | int]) -> int | None:
        """Return the line, from 1, of the value (of its key, in a mapping) at a path of keys; None if it is not in this file."""
        node, line = self._node, 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                for key_node, value_node in node.value:
                    if key_node.value == str(key):
                        node, line = value_node, key_node.start_mark.line + 1
                        break
                else:
                    return None
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line + 1
            else:
                return None
        return line

    def _check_keys(self, node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key_node, value_node in node.value:
                line = key_node.start_mark.line + 1
                if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STRING:
                    raise LmnError(
                        f"{self.path}:{line}: a key is a word; write it in quotes if it looks like a number, or like yes or no "
                        "(for <<, use extends)"
                    )
                if key_node.value in seen:
                    raise LmnError(f"{self.path}:{line}: the key {key_node.value!r} stands twice; keep one")
                seen.add(key_node.value)
                self._check_keys(value_node)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._check_keys(item)
