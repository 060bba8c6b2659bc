"""A minimum confidence needs confidences."""

from __future__ import annotations

import pytest
from standins import CapitalsSystem

from llms_meet_ner import LmnError
from llms_meet_ner.systems.confidences import check_confidences, no_confidences
from llms_meet_ner.systems.counting import CountingBaseline


def test_a_system_without_confidences_is_refused() -> None:
    check_confidences(CapitalsSystem())
    with pytest.raises(
        LmnError, match=r"^--min-confidence: gazetteer gives no confidences; leave it out, or use --decoding"
    ):
        check_confidences(CountingBaseline("gazetteer", []))


def test_a_text_whose_entity_has_none_is_named() -> None:
    assert str(no_confidences(CapitalsSystem(), "Anna left")).startswith(
        "--min-confidence: capitals gave no confidences for 'Anna left'; leave --min-confidence out, or start the server"
    )
