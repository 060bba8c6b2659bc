"""One labelling: sentences through a system, and the corpus that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..prediction.run import predict
from ..records import PREDICTIONS_FILE, PredictionRecord, read_records
from ..systems.prompted import prompt_of
from ..systems.served_model import ServerSystem
from ..systems.system import System
from .gold_examples import GoldExamples
from .labelled_corpus import RUN_FOLDER
from .ledger import Ledger
from .prices import Price
from .provenance import LabellingSystem
from .texts import Texts


@dataclass(frozen=True, slots=True)
class Annotator:
    """A system that labels, and how it is asked.

    Attributes:
        system: The system.
        template: Annotation template that it is asked by; None for a prompt of its own.
        ledger: Keeps and charges the answers of a server; None for a model in this process.
        examples: Gold that the template shows; None for none.
    """

    system: System
    template: str | None = None
    ledger: Ledger | None = None
    examples: GoldExamples | None = None

    @property
    def price(self) -> Price | None:
        """Price of the model; None if it is unknown, or runs in this process."""
        return self.ledger.price if self.ledger else None

    @property
    def served_name(self) -> str:
        """Name of the model behind the server, which may be asked for it; empty for a model in this process."""
        return self.system.served_name if isinstance(self.system, ServerSystem) else ""

    def described(self) -> LabellingSystem:
        """Return what provenance says of the system."""
        system, spec = self.system, prompt_of(self.system)
        template = self.template or (f"{spec.format} {spec.variant}" if spec else None)
        stamp = system.stamp()
        model = stamp.get("served_model") or system.facts.model
        server = system.address if isinstance(system, ServerSystem) else None
        name = str(model) if isinstance(system, ServerSystem) and stamp.get("recipe") is None else system.name
        return LabellingSystem(name, template, model, system.sha256, server)

    def label(self, texts: Texts, folder: Path, *, restart: bool = False) -> Sequence[PredictionRecord]:
        """Let the system answer the sentences; what is answered already is not asked again.

        Args:
            texts: Sentences to label.
            folder: Folder of the labelled corpus.
            restart: Whether to discard what another system, or other options, left there. Answers that were paid for stay.

        Raises:
            LmnError: The system cannot answer, or the folder holds the run of another one.
        """
        if self.ledger:
            self.ledger.system = self.system.sha256
        return list(read_records(predict(self.system, texts.sentences, folder / RUN_FOLDER, restart=restart)))


def date_of_run(folder: Path) -> str:
    """Return the time at which the answers in the folder of a labelled corpus were complete, in UTC."""
    seconds = (folder / RUN_FOLDER / PREDICTIONS_FILE).stat().st_mtime
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
