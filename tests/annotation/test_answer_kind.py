"""What the answers of a system are like."""

from __future__ import annotations

from pathlib import Path

from llms_meet_ner.annotation.answer_kind import answer_kind
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.template_server import TemplateServer
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.systems.student import Student, StudentPlace

CARD = load_card("demo")


def test_a_prompt_says_what_is_answered() -> None:
    spec, server = load_template("bracketed").prompt(CARD), ServerOptions("http://localhost:1/v1")
    system = TemplateServer("bracketed", spec, SystemOptions(server=server), server)
    assert answer_kind(system) == (spec.labels, spec.nested, spec.join)


def test_a_student_answers_flat_with_its_labels(tmp_path: Path) -> None:
    labels = LabelSet.of("A", "B")
    StudentFile(labels, "linear", 32, 8, "", True, "c", ("d",), "base", "r.yaml", 1).save(tmp_path)
    student = Student(StudentPlace("s", tmp_path, tmp_path), SystemOptions())
    assert answer_kind(student) == (labels, False, "")
