"""One kill in each flow, in the middle of a write: `make crash` strikes everywhere, but later."""

import pytest

from tests.e2e.conftest import Struck
from tests.e2e.crashes import Crashes
from tests.e2e.test_crash_bills import assert_books
from tests.e2e.test_crash_commitments import assert_whole

# One after the other on one worker of a parallel run: they share a nursery.
pytestmark = pytest.mark.xdist_group("crash_sample")


def test_killed_while_a_bill_is_created(company: Struck) -> None:
    crashes = company("manufacturing", plain=True, orders=1, bills=2)
    crashes.most = 0
    crashes.set_gates({"create a bill"}, ("after",))
    crashes.run(Crashes.kill, seconds=300)
    assert_books(crashes)
    assert crashes.requests_struck("after", "create a bill") == 1


@pytest.mark.crash
def test_killed_while_a_commitment_is_created(company: Struck) -> None:
    crashes = company("construction", plain=True, orders=1)
    crashes.most = 0
    crashes.set_gates({"write its lines"}, ("after",))
    crashes.run(Crashes.kill, seconds=300)
    assert_whole(crashes)
    assert crashes.requests_struck("after", "write its lines") == 1
