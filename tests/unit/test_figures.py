"""The figures that benchmarks print, against values that can be counted on one's fingers."""

import time

import pytest

from benchmarks.deliveries import REPEATED_ONE_IN, Receiver, Source
from benchmarks.figures import Latencies, per_second, quantile, spread
from benchmarks.machine import Usage
from benchmarks.sender import Answer, Delivery

HUNDRED = [float(number) for number in range(100, 0, -1)]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        (HUNDRED, 0.5, 50),
        (HUNDRED, 0.99, 99),
        (HUNDRED, 0.991, 100),
        (HUNDRED, 1, 100),
        ([3.0, 1.0, 2.0], 0.5, 2),
        ([3.0, 1.0, 2.0], 0.99, 3),
        ([7.0], 0.01, 7),
    ],
)
def test_a_quantile_is_a_value_that_was_measured(
    values: list[float], share: float, expected: float
) -> None:
    assert quantile(values, share) == expected


def test_one_slow_answer_in_a_hundred_is_not_the_99th_but_two_are() -> None:
    assert quantile([1.0] * 99 + [9.0], 0.99) == 1
    assert quantile([1.0] * 98 + [9.0] * 2, 0.99) == 9


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0), ([1.0], 1.1)])
def test_nothing_has_no_quantile_and_no_share_lies_outside(
    values: list[float], share: float
) -> None:
    with pytest.raises(ValueError, match=r"measured|share"):
        quantile(values, share)


def test_latencies_are_told_in_milliseconds() -> None:
    told = Latencies.of([value / 1000 for value in HUNDRED])
    assert (told.count, told.p50, told.p90, told.p99, told.slowest) == (100, 50, 90, 99, 100)
    assert told.row("door").split() == ["door", "100", "50.0", "90.0", "99.0", "100.0"]


def test_only_whole_seconds_count_and_empty_ones_do() -> None:
    instants = [10.9, 11.0, 11.5, 13.99, 14.0, 14.2]
    assert per_second(instants, 10.5, 14.5) == [2, 0, 1]
    assert per_second(instants, 11.0, 14.0) == [2, 0, 1]
    assert per_second([], 10.1, 10.9) == []


def test_a_spread_names_the_middle_and_both_ends() -> None:
    assert spread([1000.4, 3000.0, 2000.0]) == "2,000 (1,000 to 3,000)"
    assert spread([1.25, 1.0], digits=1) == "1.1 (1.0 to 1.2)"


def test_deliveries_keep_their_rate_their_shares_and_their_repeats() -> None:
    ours = Receiver(name="ours", port=1, path="/ours/", headers={"Authorization": "Bearer x"})
    peer = Receiver(name="peer", port=2, path="/peer/", share=5)
    found = list(Source([ours, peer], rate=40).deliveries(2.0))
    to_us = [one for one in found if one.to == "ours"]
    assert (len(to_us), len(found) - len(to_us)) == (80, 16)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert to_us[-1].at - to_us[0].at == pytest.approx(79 / 40)
    assert len(to_us) - len({one.event for one in to_us}) == 80 // REPEATED_ONE_IN
    assert to_us[0].event.encode() in to_us[0].body
    assert to_us[0].headers["Authorization"] == "Bearer x"


def test_a_receiver_finds_its_own_answers() -> None:
    def answer(to: str, seconds: float) -> Answer:
        delivery = Delivery(at=0, to=to, port=1, path="/", headers={}, body=b"", event="e")
        return Answer(delivery=delivery, status=200, seconds=seconds)

    answers = [answer("ours", 0.1), answer("peer", 0.2), answer("ours", 0.3)]
    assert Receiver(name="ours", port=1, path="/").seconds(answers) == [0.1, 0.3]


def test_our_own_work_is_counted_as_ours() -> None:
    before, begin = Usage.now(), time.process_time()
    while time.process_time() < begin + 0.1:
        pass
    used = Usage.now().since(before)
    assert 0 < used.ours <= used.everybodys + 0.1
    assert used.words(0.3).startswith("of ")
