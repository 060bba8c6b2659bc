"""Reading ahead in an evaluation gives out the same batches, and the loader says of each whether it is the last."""

from collections.abc import Iterator

import pytest

from llms_meet_ner.training.sharing.looking_ahead import LookingAhead


class Loader:
    """A loader that says whether the batch it gave last is its last one, as accelerate's does, until it is asked for more."""

    def __init__(self, batches: int) -> None:
        self.dataset = list(range(batches))
        self.end_of_dataloader = False

    def __iter__(self) -> Iterator[dict[str, int]]:
        self.end_of_dataloader = False
        for number in self.dataset:
            self.end_of_dataloader = number == len(self.dataset) - 1
            yield {"number": number}
        self.end_of_dataloader = False

    def __len__(self) -> int:
        return len(self.dataset)


@pytest.mark.parametrize("ahead", [1, 2, 3, 4, 9])
def test_batches_come_in_order_and_the_last_is_known(ahead: int) -> None:
    loader = Loader(4)
    looking = LookingAhead(loader, ahead)
    assert len(looking) == 4
    assert looking.dataset is loader.dataset
    for _ in range(2):  # an evaluation after every epoch
        seen = [
            (batch["number"], batch.number, len(batch.window.batches), loader.end_of_dataloader) for batch in looking
        ]
        assert [(number, last) for number, _, _, last in seen] == [(0, False), (1, False), (2, False), (3, True)]
        assert [place for _, place, _, _ in seen] == [number % ahead for number in range(4)]
        assert not loader.end_of_dataloader


def test_a_plain_list_of_batches_works_too() -> None:
    assert [dict(batch) for batch in LookingAhead([{"a": 1}, {"a": 2}, {"a": 3}], 2)] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert list(LookingAhead([], 2)) == []
