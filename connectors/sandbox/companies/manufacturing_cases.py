"""All planted cases of the manufacturing company."""

from __future__ import annotations

import random

from connectors.sandbox.companies import (
    cases_at_rest,
    cases_of_identity,
    cases_of_money,
    cases_of_policy,
)
from connectors.sandbox.companies.scribe import Scribe


def plant(s: Scribe) -> None:
    """Chance of their own, so that the rest of the company stays as it is."""
    before, s.rng = s.rng, random.Random("cases")
    cases_of_money.plant(s)
    cases_of_identity.plant(s)
    cases_at_rest.plant(s)
    cases_of_policy.plant(s)
    s.rng = before
