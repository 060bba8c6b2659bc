"""An adapter or a whole model that is used without the recipe of its training, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..decoding.guesser import EntityGuesser
from ..decoding.pretrained import Weights
from ..errors import LmnError
from ..files import sha256_of
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..training.recipe import ADAPTER_FILE, HALF_PRECISION
from .examples import ExampleChooser
from .finding import ModelFiles, saved_dtype
from .local import PRECISION_KEYS, LocalSystem
from .options import SystemOptions
from .prompted import changed, prompt_differences
from .system import Facts, NamedModel


class FoundModel(LocalSystem):
    """An adapter or a whole model that was found by its name.

    Args:
        found: Files of the model that was found.
        options: Options of the system.
        chooser: Chooses the examples of each prompt; None for none.
    """

    def __init__(self, found: ModelFiles, options: SystemOptions, chooser: ExampleChooser | None = None) -> None:
        super().__init__(options, chooser)
        self._found = found

    @property
    def name(self) -> str:
        """Folder or Hub id, as the user gave it."""
        return self._found.name

    @property
    def results_folder(self) -> Path:
        """Folder in `outputs/` that is named after it."""
        return self._found.results_folder

    @property
    def run_name(self) -> str:
        """The decoding, and a quantisation."""
        return self.decoded

    @property
    def facts(self) -> Facts:
        """Name, revision, base model and hash of the adapter; the training is unknown."""
        found = self._found
        return Facts(
            found.base, adapter=NamedModel(found.name, found.revision), adapter_sha256=self._digests()["adapter_sha256"]
        )

    @property
    def prompt(self) -> PromptSpec:
        """Prompt that was found with it."""
        return self._found.spec

    def full_prompt(self) -> PromptSpec:
        """Return the prompt, which has a template."""
        return self._found.spec

    def weights(self) -> Weights:
        """Return the adapter on its base model, or the whole model; on CUDA in the data type that the model was saved in."""
        found = self._found
        if found.adapter is None:
            return Weights(found.base, revision=found.revision)
        return Weights(found.base, found.adapter, remedy="--base MODEL names the base model")

    def identity(self) -> dict[str, Any]:
        """Return its name and revision, its base model, and the hash of the adapter, or of a whole model in a folder."""
        found = self._found
        return {
            "adapter": {"name": found.name, "revision": found.revision}, "recipe": None, "model": found.base, **self._digests(),
        }  # fmt: skip

    def precision(self) -> Mapping[str, Any]:
        """Return the precision that the model was saved in."""
        saved = saved_dtype(self._found.base)
        return dict.fromkeys(PRECISION_KEYS) | {key: True for key, dtype in HALF_PRECISION.items() if dtype == saved}

    def guesser(self) -> EntityGuesser | None:
        """Return None: its training data is not known."""
        return None

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this model and its prompt."""
        differing = changed({"model": self._found.base, **self._digests()}, stamp) + self._option_differences(stamp)
        template = self.prompt.template
        return differing + prompt_differences(stamp, self.prompt, template.name if template else None)

    def _digests(self) -> dict[str, Any]:
        """Return hashes of the weights; a whole model on the Hub needs none besides its revision."""
        found = self._found
        if found.adapter:
            return {"adapter_sha256": sha256_of(found.adapter / ADAPTER_FILE)}
        files = sorted(Path(found.base).glob("*.safetensors")) if found.revision is None else []
        if found.revision is None and not files:
            raise LmnError("holds no weights (*.safetensors)", found.base, "copy the model again")
        return {"adapter_sha256": None, "weights_sha256": {path.name: sha256_of(path) for path in files}}
