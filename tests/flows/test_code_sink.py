"""Cost codes are looked up before one is added, those that are not in use any more as well."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from connectors.core.decisions import Absent, Found, Step
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import Page, Raw
from connectors.flows.zoho_books_to_procore.code_sink import BudgetCodeSink
from connectors.flows.zoho_books_to_procore.upkeep_codes import ADD_COST_CODE

SINK = BudgetCodeSink()
STEP = Step(action=ADD_COST_CODE, body={"project_id": "7", "code": "02-300", "name": "Site Work"})
PART = PartRef(
    target_kind="budget_code", reference="mlc:1:code:5:7:02-300", target_id="", number="02-300",
    vendor_key="", total="",
)  # fmt: skip


class Procore:
    """A project's cost codes, and what was sent."""

    def __init__(self, *codes: Mapping[str, Any]) -> None:
        self.codes = [{"id": n, "name": "x", **code} for n, code in enumerate(codes, start=1)]
        self.sent: list[Mapping[str, Any]] = []

    def cost_codes(self, project_id: str) -> Iterator[Page[Raw]]:
        yield Page(rows=self.codes, number=1)

    def sync_cost_codes(self, project_id: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        self.sent += rows
        return [{"id": 9, **row} for row in rows]


def code(full: str, *, gone: bool = False) -> dict[str, Any]:
    deleted = {"deleted_at": "2026-01-01T00:00:00Z"} if gone else {}
    return {"code": full.rpartition("-")[2], "full_code": full, **deleted}


@pytest.mark.parametrize("children", [[], [code("02-300-1")]])
def test_an_inactive_code_of_that_full_code_is_not_made_a_second_time(
    children: list[dict[str, Any]],
) -> None:
    procore = Procore(code("02"), code("02-300", gone=True), *children)
    with pytest.raises(ProviderError, match="has the cost code 02-300 already") as caught:
        SINK.perform(procore, PART, STEP)
    assert caught.value.kind is ErrorKind.REJECTED
    assert "Make it active in Procore and replay" in str(caught.value)
    assert procore.sent == []
    assert isinstance(SINK.probe(procore, PART, STEP), Absent), "it is none that can be used"


@pytest.mark.parametrize("both", [[True, False], [False, True]])
def test_of_two_with_one_full_code_the_active_one_counts(both: list[bool]) -> None:
    procore = Procore(*(code("02-300", gone=gone) for gone in both))
    SINK.perform(procore, PART, STEP)
    assert procore.sent == []
    assert isinstance(SINK.probe(procore, PART, STEP), Found)


def test_an_inactive_parent_bears_no_new_code() -> None:
    procore = Procore(code("02", gone=True))
    SINK.perform(procore, PART, STEP)
    assert procore.sent == [{"code": "02-300", "name": "Site Work", "origin_id": PART.reference}], (
        "as a code of its own"
    )
