"""An encoder student in this process: it answers with spans, and reads no prompt."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..alignment import EXACT, Alignment
from ..decoding.batches import Batch, plan_batches
from ..decoding.pretrained import panics_as_errors
from ..errors import LmnError
from ..files import sha256_of, sha256_once
from ..labels import LabelSet
from ..reading import LENIENT
from ..records import Answer, Uncertainty
from ..sentence import Sentence
from ..standard_input import kept_from_libraries
from ..students.student_file import NAME_TRAINED, STUDENT_FILE, WEIGHTS_FILES, StudentFile, weights_of
from ..training.failures import is_out_of_memory
from ..training.recipe import MODEL_FILE, Recipe
from .options import SystemOptions
from .prompted import changed
from .system import DTYPE_KEY, RESOLVED_DTYPE_KEY, Facts, Job, NamedModel, stamp_sha256

if TYPE_CHECKING:
    from ..students.encoder import LoadedStudent
    from ..students.subwords import ReadSentence
    from ..students.viterbi import Floats

RUN_NAME = "viterbi"
"""Name of the folder of a student's run, after how its tags are chosen."""
READ_OTHERWISE = "read_otherwise"
"""Key of a run's notes: by the id of a sentence, a row for each one of that id that was not read as it stands."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StudentPlace:
    """Location of a student, and how it came there.

    Attributes:
        name: Name for people.
        folder: Folder that holds its files.
        results_folder: Folder for its results.
        recipe: Recipe that trained it; None if it is used without one.
        model: Folder or Hub id with its revision, if it is used without its recipe; None otherwise.
    """

    name: str
    folder: Path
    results_folder: Path
    recipe: Recipe | None = None
    model: NamedModel | None = None

    @classmethod
    def of_recipe(cls, recipe: Recipe, folder: Path | None = None) -> StudentPlace:
        """Return the place of the student of a recipe.

        Args:
            recipe: Recipe that trains it.
            folder: Folder of the student, such as a checkpoint's; None for the recipe's `output_dir`.
        """
        return cls(recipe.name, folder or recipe.output_dir, recipe.output_dir, recipe)


class Student:
    """A student as a system.

    Args:
        place: Location of the student.
        options: Options of the system; those about prompts and texts are not for a student.

    Raises:
        LmnError: The options ask for something that needs a prompt or a generated text.
    """

    gives_confidences = True

    def __init__(self, place: StudentPlace, options: SystemOptions) -> None:
        _check_options(place.name, options)
        self._place = place
        self._options = options
        self.name = place.name
        self.results_folder = place.results_folder
        self.run_name = RUN_NAME

    @property
    def labels(self) -> LabelSet:
        """Labels of its entities."""
        return self._file.labels

    @property
    def file(self) -> StudentFile:
        """What it answers and how it reads."""
        return self._file

    @property
    def is_exported(self) -> bool:
        """Whether ONNX Runtime runs it.

        Raises:
            LmnError: There is no student.
        """
        return self._weights.name != MODEL_FILE

    @property
    def facts(self) -> Facts:
        """The encoder that it was made of, its recipe and seed, and the hash of its weights if they are there."""
        place = self._place
        there = any((place.folder / name).is_file() for name in WEIGHTS_FILES)
        digest = sha256_once(weights_of(place.folder)) if there else None
        if place.recipe:
            return Facts(place.recipe.model, place.recipe.path, place.recipe.seed, adapter_sha256=digest)
        return Facts(self._file.model, adapter=place.model, adapter_sha256=digest)

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON.

        The weights of a student stand where those of an adapter do, for what reads the stamps of both.
        """
        place, file = self._place, self._file
        return {
            "student": {
                "file_sha256": sha256_of(place.folder / STUDENT_FILE),
                "head": file.head,
                "runtime": "onnxruntime" if self.is_exported else "torch",
            },
            "adapter": {"name": place.model.name, "revision": place.model.revision} if place.model else None,
            "recipe": place.recipe.file.name if place.recipe else None,
            "model": file.model,
            "adapter_sha256": sha256_once(self._weights),
            "batch_size": self._options.batch_size,
            DTYPE_KEY: self._options.dtype,
        }

    @property
    def sha256(self) -> str:
        """Hash of the stamp."""
        return stamp_sha256(self.stamp())

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this student."""
        now = self.stamp()
        return changed({key: now[key] for key in ("student", "model", "adapter_sha256")}, stamp)

    def load(self) -> LoadedStudent:
        """Load the student now, and return it.

        Raises:
            LmnError: A package or a file is missing, or the student cannot be loaded.
        """
        return self._loaded

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        """Return the entities of each sentence. Warnings name sentences that are read in windows, and tokens that are not read.

        Raises:
            LmnError: The student cannot be loaded, or memory is too small.
        """
        job = self.prepare(sentences)
        for remark in job.remarks:
            _log.warning("%s", remark)
        return job.answers()

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that answers these sentences batch by batch. Long sentences are read in windows and answered as a whole.

        Raises:
            LmnError: The student cannot be loaded.
        """
        from ..students.examples import read_all
        from ..students.subwords import ReadingNotes

        loaded, notes = self._loaded, ReadingNotes()
        with kept_from_libraries(), panics_as_errors(self.name):
            reads = read_all(loaded.subwords, sentences, notes)
        lengths = [read.length for read in reads]
        batches = [Batch(batch.items) for batch in plan_batches(lengths, lengths, self._options.batch_size)]
        return Job(
            batches, lambda batch: self._answers([reads[item] for item in batch.items]),
            description=f"{self._place.folder} on {loaded.device_name}, {loaded.dtype}", remarks=notes.lines(),
            machine={"device": loaded.device_name, RESOLVED_DTYPE_KEY: loaded.dtype},
            notes={READ_OTHERWISE: notes.by_sentence} if notes.by_sentence else {},
        )  # fmt: skip

    def states(self, sentences: Sequence[Sentence]) -> Floats:
        """Return a vector for each sentence: the mean of the last states of the encoder (sentences, size).

        Raises:
            LmnError: The student was exported or cannot be loaded, or memory is too small.
        """
        from ..students.examples import read_all
        from ..students.states import mean_states
        from ..students.subwords import ReadingNotes

        if self.is_exported:
            raise LmnError(
                "an exported student gives no states of its encoder", self._weights, NAME_TRAINED
            )  # fmt: skip

        loaded = self._loaded
        with kept_from_libraries(), panics_as_errors(self.name), _memory_errors(self.name):
            return mean_states(loaded, read_all(loaded.subwords, sentences, ReadingNotes()), self._options.batch_size)

    def read(self, answer: Answer, sentence: Sentence) -> Alignment:
        """Return the spans of an answer."""
        return Alignment(answer.spans or (), EXACT)

    def nothing(self, sentence: Sentence) -> Answer:
        """Return an answer without entities."""
        return Answer(spans=(), confidences=(), uncertainty=Uncertainty(0.0, 0.0, 0.0, 0))

    def _answers(self, reads: Sequence[ReadSentence]) -> list[Answer]:
        from ..students.marking import mark

        loaded = self._loaded
        with kept_from_libraries(), _memory_errors(self.name):
            marks = mark(loaded.model, reads, loaded.subwords.padding, self.labels.names, self._options.batch_size)
        return [Answer(spans=one.spans, confidences=one.confidences, uncertainty=one.uncertainty) for one in marks]

    @cached_property
    def _file(self) -> StudentFile:
        folder, recipe = self._place.folder, self._place.recipe
        if recipe and not (folder / STUDENT_FILE).is_file():
            raise LmnError("no student there", folder / STUDENT_FILE, f"train it with lmn-train {recipe.path}")
        return StudentFile.load(folder)

    @property
    def _weights(self) -> Path:
        _ = self._file
        return weights_of(self._place.folder)

    @cached_property
    def _loaded(self) -> LoadedStudent:
        from ..students.encoder import load_student

        _ = self._weights
        return load_student(self._place.folder, self._options.dtype)


def _check_options(name: str, options: SystemOptions) -> None:
    """Refuse options that are for models which read a prompt or write a text.

    Raises:
        LmnError: There is one.
    """
    given = {
        "--decoding": options.decoding is not None, "--max-new-tokens": options.max_new_tokens is not None,
        "--untrained" if options.shots and not options.shots.number else "--shots": options.shots is not None,
        "--engine": options.server is not None, "--reading": options.reading != LENIENT,
        "--quantize": options.quantise is not None,
    }  # fmt: skip
    if options.trust_remote_code:
        raise LmnError(
            f"{name} is a student, and for one no code of others runs", "--trust-remote-code", "leave it out"
        )
    for option, is_given in given.items():
        if is_given:
            raise LmnError(
                f"{name} is a student: it reads no prompt and writes no text, but marks tokens", option, "leave it out"
            )


@contextmanager
def _memory_errors(name: str) -> Iterator[None]:
    """Turn an error about memory into one that names a remedy.

    Raises:
        LmnError: Memory is too small.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise LmnError("out of memory", name, "a smaller --batch-size needs less") from error
        raise
