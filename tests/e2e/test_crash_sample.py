"""One kill in the middle of a write in every run; `make crash` strikes everywhere, but later."""

from tests.e2e.conftest import Struck
from tests.e2e.crashes import Crashes
from tests.e2e.test_crash_bills import assert_books


def test_killed_while_a_bill_is_created(company: Struck) -> None:
    crashes = company("manufacturing", plain=True, orders=1, bills=2)
    crashes.most = 0
    crashes.set_gates({"create a bill"}, ("after",))
    crashes.run(Crashes.kill, seconds=300)
    assert_books(crashes)
    assert crashes.requests_struck("after", "create a bill") == 1
