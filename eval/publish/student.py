"""The folder of a student that is published: a model of transformers or an ONNX file, with its recipe, its table by epoch and a card."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import read_json, sha256_of, write_json
from ...students.epochs import EPOCHS_FILE
from ...students.student_file import STUDENT_FILE, weights_of, without_places
from ...systems.student import Student
from ...training.recipe import Recipe
from ...training.weights_header import read_header
from ...typed_json import to_json
from .base_model import Licence, base_licence, published_base
from .folder import BuildOptions, Built, copy_tokenizer, put_folder, write_facts
from .onnx_weights import ONNX_FILES, count_parameters
from .publication import Publication
from .weights import CONFIG_FILE, PublishedWeights


def build_student(student: Student, training: Recipe, options: BuildOptions, out: Path) -> Built:
    """Build the folder of a student. Its weights stay as training, or the export to ONNX, left them.

    Args:
        student: Student to publish, with the folder of its results.
        training: Recipe of its training, for the card: hyperparameters, log and training data.
        options: Choice of what goes into the folder.
        out: Path of the folder, which does not exist, is empty, or was built by an earlier call, which may have been killed.

    Raises:
        LmnError: The student or one of its files is missing or damaged, an option is for adapters, the base model has no public name,
            `out` holds other files, or a file would hold something like a secret.
    """
    if options.merged:
        raise LmnError("a student is a whole model already", "--merged", "leave it out")
    base = published_base(student.file.model, options.base)
    return put_folder(out, options.not_secret, lambda new: _fill(student, training, options, base, new))


def _fill(student: Student, training: Recipe, options: BuildOptions, base: str, new: Path) -> Publication:
    """Write all files into a folder, and return the contents of the card."""
    source, spec = training.output_dir, training.train_entry().spec
    weights = _copy_model(source, new)
    copy_tokenizer(source, new, "student")
    write_json(new / STUDENT_FILE, {**to_json(student.file), "model": base})
    if (source / EPOCHS_FILE).is_file():
        shutil.copyfile(source / EPOCHS_FILE, new / EPOCHS_FILE)
    licence = Licence(options.licence, of_base=False) if options.licence else base_licence(base, student.file.model)
    return write_facts(new, training, options, base, spec, weights, licence, student.results_folder, student.file)


def _copy_model(source: Path, new: Path) -> PublishedWeights:
    """Copy weights and configuration, without what the configuration says of the machine."""
    path = weights_of(source)
    if path.name in ONNX_FILES:
        dtypes = count_parameters(path)
    else:
        dtypes = (("float32", sum(tensor.size for tensor in read_header(path).values())),)
    shutil.copyfile(path, new / path.name)
    config: Any = read_json(source / CONFIG_FILE, remedy="copy the student's folder again")
    if not isinstance(config, dict):
        raise LmnError("not a JSON mapping", source / CONFIG_FILE, "copy the student's folder again")
    write_json(new / CONFIG_FILE, without_places(config))
    digest = sha256_of(path)
    return PublishedWeights(dtypes, digest, ((path.name, digest),), False, True)
