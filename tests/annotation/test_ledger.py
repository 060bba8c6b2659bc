"""Answers that were paid for: kept, found again, charged, and bounded."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.ledger import Bill, Ledger, MaxCostError, bill_of
from llms_meet_ner.annotation.prices import Price
from llms_meet_ner.systems.server import Completion, Usage

USED = Usage(3, 4)
PRICE = Price("m", 1_000_000, 2_000_000, "EUR", "2026-11-26", "a list")  # one a token in, two a token out


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}], "max_tokens": 10} | more


def ledger(path: Path, max_cost: float | None = None, address: str = "http://localhost/v1") -> Ledger:
    made = Ledger(path / "answers.jsonl", address)
    made.system = "s"
    made.charge({"m": PRICE}, "m", max_cost)
    return made


class Sender:
    """Answers with a text, and counts."""

    def __init__(self, usage: Usage | None = USED) -> None:
        self.times = 0
        self.usage = usage

    def __call__(self) -> Completion:
        self.times += 1
        return Completion("Ada \ud83d sk-secret", [{"token": "A"}], True, self.usage)


def test_an_answer_is_asked_once_and_found_again_by_everything_in_the_request(tmp_path: Path) -> None:
    send = Sender()
    first = ledger(tmp_path)
    assert not first.knows(body("x"))
    assert first.completion("a/0", body("x"), send) == send()
    again = ledger(tmp_path)
    assert again.knows(body("x"))
    found = again.completion("a/0", body("x"), send)
    assert (found.text, found.logprobs, found.is_cut, found.usage) == (
        "Ada \ufffd sk-secret",
        [{"token": "A"}],
        True,
        (3, 4),
    )
    assert (send.times, again.new) == (2, 0)
    for other in (body("y"), body("x", temperature=1), body("x") | {"model": "n"}, body("x") | {"max_tokens": 11}):
        assert not again.knows(other)
    assert not ledger(tmp_path, address="http://other/v1").knows(body("x"))


def test_a_line_that_a_kill_cut_off_is_said_and_asked_again_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send = Sender()
    made = ledger(tmp_path)
    for text in "xyz":
        made.completion("a/0", body(text), send)
    path = tmp_path / "answers.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"{}\n" + lines[1] + lines[2][:-9])
    again = ledger(tmp_path)
    assert (
        "answers.jsonl: lines that are cut off or damaged: 2; what they answered is asked again"
        in capsys.readouterr().err
    )
    assert [again.knows(body(text)) for text in "xyz"] == [True, True, False]
    again.completion("a/0", body("z"), send)
    assert len(path.read_bytes().splitlines()) == 3
    assert all(ledger(tmp_path).knows(body(text)) for text in "xyz")


def test_a_bill_counts_tokens_and_says_what_nobody_counted(tmp_path: Path) -> None:
    made = ledger(tmp_path)
    made.completion("a/0", body("x"), Sender())
    made.completion("a/1", body("y"), Sender(Usage(10, 1)))
    bill = made.total()
    assert (bill.requests, bill.tokens_in, bill.tokens_out, bill.uncounted, bill.cost) == (2, 13, 5, 0, 23.0)
    assert bill.line() == "requests: 2; tokens: 13 in, 5 out; cost: 23.0000 EUR"
    made.completion("a/2", body("z"), Sender(None))
    assert (made.total().uncounted, made.total().cost) == (1, None)
    assert made.total().line() == "requests: 3; tokens: 13 in, 5 out (answers without a count: 1); cost: unknown"
    assert bill_of(made.answers_about("a/0"), {}) == Bill(1, 3, 4, 0, made.answers_about("a/0")[0].seconds, None, None)


def test_answers_belong_to_a_sentence_and_a_system_also_after_a_restart(tmp_path: Path) -> None:
    made = ledger(tmp_path)
    made.completion("a/0", body("x"), Sender())
    made.completion("a/0", body("y"), Sender())
    made.system = "other"
    made.completion("a/0", body("z"), Sender())
    again = ledger(tmp_path)
    assert len(again.answers_about("a/0")) == 2
    assert again.answers_about("a/1") == []
    again.completion("a/0", body("z"), Sender())  # found, though another system asked for it
    assert len(again.answers_about("a/0")) == 3
    assert len(ledger(tmp_path).answers_about("a/0")) == 3, "after another restart, too"


def test_the_bill_stays_below_the_limit_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    # a request may take 1 + 64 tokens in and 10 out: 85; each answer takes 3 in and 4 out: 11
    send = Sender()
    made = ledger(tmp_path, 110)
    for text in "xyz":
        made.completion("a/0", body(text), send)
    with pytest.raises(
        MaxCostError, match=r"up to 85.0000 EUR, with a bill of 33.0000 EUR and a limit of 110.0000 EUR; the 3 answers"
    ):
        made.completion("a/0", body("w"), send)
    with pytest.raises(MaxCostError, match="stopped before a request that may cost up to"):
        made.completion("a/0", body("w", max_tokens=1), send)
    assert send.times == 3
    more = ledger(tmp_path, 119)
    more.completion("a/0", body("x"), send)
    more.completion("a/0", body("w"), send)
    assert send.times == 4


def test_requests_under_way_give_back_what_they_do_not_need(tmp_path: Path) -> None:
    made = ledger(tmp_path, 120)  # room for one request at a time
    under_way, most = 0, 0

    def send() -> Completion:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.02)
        under_way -= 1
        return Completion("x", usage=Usage(3, 4))

    threads = [threading.Thread(target=made.completion, args=("a/0", body(str(number)), send)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made.total().cost, most) == (33.0, 1)


def test_an_answer_that_nobody_counted_is_charged_at_its_most(tmp_path: Path) -> None:
    made = ledger(tmp_path, 160)
    made.completion("a/0", body("x"), Sender(None))
    with pytest.raises(MaxCostError):
        made.completion("a/0", body("y"), Sender())


def test_a_failed_request_gives_its_room_back(tmp_path: Path) -> None:
    made = ledger(tmp_path, 90)

    def fail() -> Completion:
        raise LmnError("down")

    for _ in range(2):
        with pytest.raises(LmnError, match="down"):
            made.completion("a/0", body("x"), fail)
    made.completion("a/0", body("x"), Sender())
    assert not (tmp_path / "answers.jsonl").read_text().count("down")


def test_a_limit_needs_a_price(tmp_path: Path) -> None:
    made = Ledger(tmp_path / "answers.jsonl", "http://localhost/v1")
    with pytest.raises(LmnError, match="--max-cost: the price of the model is unknown, so no cost can be bounded"):
        made.charge({}, "m", 1.0)


def test_one_request_under_way_serves_all_that_ask_the_same(tmp_path: Path) -> None:
    made = ledger(tmp_path)
    send = Sender()

    def slow() -> Completion:
        time.sleep(0.02)
        return send()

    threads = [threading.Thread(target=made.completion, args=(f"a/{n}", body("x"), slow)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (send.times, made.new) == (1, 1)
    assert [len(made.answers_about(f"a/{n}")) for n in range(4)] == [1, 1, 1, 1]


def test_a_line_without_its_end_is_kept_and_nothing_is_glued_to_it(tmp_path: Path) -> None:
    send = Sender()
    ledger(tmp_path).completion("a/0", body("x"), send)
    path = tmp_path / "answers.jsonl"
    path.write_text(path.read_text().rstrip("\n"))
    ledger(tmp_path).completion("a/1", body("y"), send)
    again = ledger(tmp_path)
    assert (again.knows(body("x")), again.knows(body("y")), send.times) == (True, True, 2)


def test_an_answer_that_nobody_counted_is_charged_at_its_most_after_the_file_is_read_again(tmp_path: Path) -> None:
    ledger(tmp_path).completion("a/0", body("x"), Sender(None))  # may have cost 85, and the text has 24 bytes
    again = ledger(tmp_path, 160)
    with pytest.raises(MaxCostError, match=r"with a bill of 85\.0000 EUR"):
        again.completion("a/0", body("y"), Sender())
    ledger(tmp_path, 170).completion("a/0", body("y"), Sender())


def test_each_answer_is_charged_at_the_price_of_the_model_that_gave_it(tmp_path: Path) -> None:
    cheap = Price("n", 1_000, 2_000, "EUR", "2026-11-26", "a list")
    ledger(tmp_path).completion("a/0", body("x"), Sender())
    made = ledger(tmp_path)
    made.charge({"m": PRICE, "n": cheap}, "n", 100)
    made.completion("a/1", body("x", model="n"), Sender())
    assert made.total().cost == pytest.approx(11 + 0.011)
    made.charge({"n": cheap}, "n")
    assert (made.total().cost, made.total().currency) == (None, "EUR"), "unknown stays unknown"
    with pytest.raises(
        LmnError, match=r"answers of models without a price, so no cost can be bounded: m \(1\); name them in"
    ):
        made.charge({"n": cheap}, "n", 100)


def test_lines_of_an_earlier_version_are_read_and_their_model_is_that_of_the_same_system(tmp_path: Path) -> None:
    ledger(tmp_path).completion("a/0", body("x"), Sender())
    path = tmp_path / "answers.jsonl"
    row = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in row.items() if key not in ("model", "most")}) + "\n")
    again = ledger(tmp_path, 100)
    assert (again.knows(body("x")), again.total().cost) == (True, 11), "the same system asks the same model"
    another = Ledger(path, "http://localhost/v1")
    another.system = "t"
    another.charge({"m": PRICE}, "m")
    assert another.total().cost is None
    with pytest.raises(LmnError, match=r"not said, as in an earlier version \(1\); name another folder with --out"):
        another.charge({"m": PRICE}, "m", 100)


def test_who_found_an_answer_is_known_after_the_file_is_read_again(tmp_path: Path) -> None:
    made = ledger(tmp_path)
    for name in ("a/0", "a/1", "a/1"):
        made.completion(name, body("x"), Sender())
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 2
    again = ledger(tmp_path)
    assert [answer.id for name in ("a/0", "a/1") for answer in again.answers_about(name)] == ["a/0", "a/0"]
    assert again.total().requests == 1
