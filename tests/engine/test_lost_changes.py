"""A change of a posted bill that was lost on its way, field by field, through both simulators."""

from typing import Any

import pytest

from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states
from tests.engine.test_marks import correct, lose, quick, target_bills, the_bill
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

__all__ = ["quick"]

CHANGES: dict[str, tuple[str, str, Any]] = {
    "number": ("invoice_number", "bill_number", "INV-CORRECTED"),
    "due day": ("due_date", "due_date", "2027-01-05"),
    "note": ("note", "notes", "Deliver to dock 4"),
}


@pytest.mark.parametrize("kind", first_here("drop_before", "drop_after"))
def test_every_field_of_a_lost_change_arrives(
    kind: str, connected: Connected, sandbox: SandboxProcess, quick: None
) -> None:
    """Before arrival it is sent again; with only its answer lost it is found and not repeated."""
    job = connected(plain=True, orders=0, bills=1)
    run_until_idle(job)
    for source, target, value in CHANGES.values():
        day = f"{value}T10:00:00-08:00" if source.endswith("date") else value
        lose(sandbox, "PUT", r"/bills/", kind)
        correct(sandbox, the_bill(job).key, **{source: day})
        sandbox.delete("/control/requests")
        run_until_idle(job)
        [[bill]] = target_bills(sandbox).values()
        assert str(bill[target]).startswith(value)
        puts = [row for row in sandbox.get("/control/requests")["requests"] if _is_put(row)]
        assert len(puts) == (2 if kind == "drop_before" else 1), source
    assert states(job) == {"posted": 1}


def _is_put(row: dict[str, Any]) -> bool:
    return row["method"] == "PUT" and row["provider"] == "zoho_books"
