"""What a connection's test says of what could not be read, and whether asking again may help."""

from datetime import timedelta

import pytest

from connectors.core import clock
from connectors.core.errors import BadInputError, ConnectorError, RetryLater
from connectors.transport.findings import failed, unread


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (RetryLater(clock.now() + timedelta(seconds=2), "all parallel calls are taken"), True),
        (BadInputError("No organisation is chosen."), False),
    ],
)
def test_only_a_limit_may_let_the_next_test_find_out(error: ConnectorError, later: bool) -> None:
    for finding in (failed("authorised", error), unread("bills", "bills", error)):
        assert (finding.ok, finding.later) == (False, later)
