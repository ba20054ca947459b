"""The Procore side: batches told apart row by row, and looks that tell what has happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from connectors.core.decisions import Absent, Found, PartPlan, Step
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, UnknownOutcomeError
from connectors.core.flow import PartRef
from connectors.core.records import Page, Raw, TargetState
from connectors.flows.zoho_books_to_procore import FLOW
from tests.flows.commitments import decide, line, order, parts

SINK = FLOW.sink


class Procore:
    """A client that keeps one project's commitments in memory and counts its calls."""

    def __init__(self) -> None:
        self.contracts: dict[str, dict[str, Any]] = {}
        self.vendors: list[str] = []
        self.refused: dict[str, ProviderError] = {}
        self.calls: list[str] = []

    def add_project_vendor(self, project_id: str, vendor_id: str) -> None:
        self.calls.append("add_vendor")
        self.vendors.append(vendor_id)

    def project_vendors(self, project_id: str) -> Iterator[Page[Raw]]:
        yield Page(rows=[{"id": int(key)} for key in self.vendors], number=1)

    def sync_contracts(self, project_id: str, updates: Sequence[Mapping[str, Any]]) -> list[Any]:
        self.calls.append(f"sync {len(updates)}")
        return [self._synced(row) for row in updates]

    def _synced(self, row: Mapping[str, Any]) -> Any:
        origin = str(row["origin_id"])
        if origin in self.refused:
            return self.refused[origin]
        found = next((c for c in self.contracts.values() if c["origin_id"] == origin), None)
        if found is None:
            found = {"id": str(len(self.contracts) + 1), "line_items": [], "status": "Draft"}
            self.contracts[found["id"]] = found
        found |= {**row, "vendor": {"id": row.get("vendor_id", found.get("vendor_id"))}}
        return found

    def sync_lines(
        self, project_id: str, contract_id: str, updates: Sequence[Mapping[str, Any]]
    ) -> list[Any]:
        self.calls.append(f"lines {len(updates)}")
        contract = self.contracts[contract_id]
        kept = {row["origin_id"]: row for row in contract["line_items"]}
        results: list[Any] = []
        for row in updates:
            if row["origin_id"] in self.refused:
                results.append(self.refused[row["origin_id"]])
                continue
            kept[row["origin_id"]] = {"id": f"L{row['origin_id'][-2:]}", **row}
            results.append(kept[row["origin_id"]])
        contract["line_items"] = list(kept.values())
        return results

    def contract_lines(self, project_id: str, contract_id: str) -> Iterator[Page[Raw]]:
        yield Page(rows=list(self.contracts[contract_id]["line_items"]), number=1)

    def delete_line(self, project_id: str, contract_id: str, line_id: str) -> None:
        self.calls.append(f"delete {line_id}")
        rows = self.contracts[contract_id]["line_items"]
        self.contracts[contract_id]["line_items"] = [r for r in rows if r["id"] != line_id]

    def delete_contract(self, project_id: str, contract_id: str) -> None:
        self.contracts[contract_id]["deleted_at"] = "2026-08-04T00:00:00Z"

    def purchase_order_contract(self, project_id: str, contract_id: str) -> Raw:
        found = self.contracts.get(contract_id)
        if found is None or found.get("deleted_at"):
            raise ProviderError(ErrorFacts(kind=ErrorKind.NOT_FOUND, message="not found"))
        return found

    def purchase_order_contracts(
        self, project_id: str, *, origin_ids: Sequence[str], include_deleted: str
    ) -> Iterator[Page[Raw]]:
        self.calls.append("look")
        rows = [c for c in self.contracts.values() if c["origin_id"] in origin_ids]
        yield Page(rows=rows, number=1)


def ref(plan: PartPlan, target_id: str = "") -> PartRef:
    return PartRef(
        target_kind=plan.target_kind,
        reference=plan.reference,
        target_id=target_id,
        number=plan.number,
        vendor_key=plan.vendor_key,
        total=str(plan.total),
        payload=plan.payload,
        part=plan.part,
    )


def planned(raw: Mapping[str, Any]) -> tuple[PartRef, dict[str, Step]]:
    """The one part of a new order and its steps by action."""
    decision = decide(raw)
    return ref(parts(decision)[0]), {
        step.action: step for part in parts(decision) for step in part.steps
    }


TWO_LINES = order(line("l1"), line("l2", rate="2.50", item_total="25.00"))


def created(procore: Procore, raw: Mapping[str, Any] = TWO_LINES) -> tuple[PartRef, Any]:
    """A commitment as a draft without lines."""
    part, steps = planned(raw)
    state = SINK.perform(procore, part, steps["create"])
    return replace(part, target_id=state.target_id), steps


def refused(message: str) -> ProviderError:
    return ProviderError(ErrorFacts(kind=ErrorKind.REJECTED, message=message))


def test_a_commitment_is_looked_up_created_given_lines_and_approved() -> None:
    procore = Procore()
    part, steps = created(procore)
    lines = SINK.perform(procore, part, steps["lines"])
    approved = SINK.perform(procore, part, steps["approve"])
    assert procore.calls == ["look", "sync 1", "lines 2", "sync 1"]
    assert lines.lines == {"l1": "Ll1", "l2": "Ll2"}
    assert str(lines.total) == "75.00"
    assert (approved.status, str(approved.total)) == ("Approved", "75.00")
    (contract,) = procore.contracts.values()
    assert [row["origin_id"] for row in contract["line_items"]] == [
        f"{part.reference}:100:l1",
        f"{part.reference}:100:l2",
    ]


def test_a_draft_without_its_lines_says_no_total_and_knows_no_line() -> None:
    procore = Procore()
    part, steps = planned(TWO_LINES)
    state = SINK.perform(procore, part, steps["create"])
    assert (state.status, state.total, state.lines) == ("Draft", None, {})


def test_rows_of_a_batch_have_fates_of_their_own() -> None:
    procore = Procore()
    pairs = []
    for key in ("1", "2", "3"):
        part, steps = planned(order(purchaseorder_id=key, purchaseorder_number=f"PO-{key}"))
        pairs.append((part, steps["create"]))
    procore.refused[pairs[1][0].reference] = refused("vendor can't be blank")
    first, second, third = SINK.perform_batch(procore, pairs)
    assert procore.calls == ["look", "sync 3"]
    assert isinstance(first, TargetState)
    assert isinstance(third, TargetState)
    assert (first.number, third.number) == ("PO-1", "PO-3")
    assert isinstance(second, ProviderError)


def test_what_stands_there_already_is_not_written_over_but_looked_at() -> None:
    procore = Procore()
    part, steps = created(procore)
    procore.calls.clear()
    with pytest.raises(ProviderError) as caught:
        SINK.perform(procore, part, steps["create"])
    assert caught.value.kind is ErrorKind.REJECTED
    assert procore.calls == ["look"]
    probe = SINK.probe(procore, part, steps["create"])
    assert isinstance(probe, Found)
    assert (probe.state.target_id, probe.state.lines) == (part.target_id, {})


@pytest.mark.parametrize("changes", [{"vendor": {"id": 4711}}, {"title": "x"}, {"number": "PO-0"}])
def test_what_carries_our_origin_id_is_ours_and_brought_up_to_date(changes: Any) -> None:
    """The order's vendor or number was changed between the lost create and the next one."""
    procore = Procore()
    part, steps = created(procore)
    probe = SINK.probe(procore, part, steps["create"])
    assert isinstance(probe, Found)
    assert probe.as_meant
    procore.contracts[part.target_id] |= changes
    probe = SINK.probe(procore, part, steps["create"])
    assert isinstance(probe, Found)
    assert not probe.as_meant


def test_a_deleted_one_is_found_as_deleted() -> None:
    procore = Procore()
    part, steps = created(procore)
    SINK.perform(procore, part, Step(action="delete", status="deleted"))
    for action in ("create", "lines", "approve"):
        probe = SINK.probe(procore, part, steps[action])
        assert isinstance(probe, Found)
        assert probe.state.status == "deleted"
    assert SINK.read(procore, part).status == "deleted"  # type: ignore[union-attr]
    assert isinstance(SINK.probe(procore, part, Step(action="delete")), Found)


def test_a_create_that_arrives_late_leaves_an_approved_commitment_approved() -> None:
    """The sync call updates what carries the origin id already, whoever looked before."""
    procore = Procore()
    part, steps = created(procore)
    for action in ("lines", "approve"):
        SINK.perform(procore, part, steps[action])
    late = {"origin_id": part.reference, **steps["create"].body}
    procore.sync_contracts("100", [late])
    assert procore.contracts["1"]["status"] == "Approved"


def test_refused_lines_are_one_refusal_and_an_unknown_fate_weighs_more() -> None:
    procore = Procore()
    part, steps = created(procore)
    procore.refused[f"{part.reference}:100:l2"] = refused("wbs_code is inactive")
    with pytest.raises(ProviderError, match="1 line of commitment PO-7 refused") as caught:
        SINK.perform(procore, part, steps["lines"])
    assert caught.value.kind is ErrorKind.REJECTED
    facts = ErrorFacts(kind=ErrorKind.UNKNOWN_OUTCOME, message="no word about this row")
    procore.refused[f"{part.reference}:100:l1"] = UnknownOutcomeError(facts)
    with pytest.raises(UnknownOutcomeError):
        SINK.perform(procore, part, steps["lines"])


def test_probes_tell_each_step_that_has_happened_from_one_that_has_not() -> None:
    procore = Procore()
    part, steps = created(procore)
    for action in ("lines", "approve"):
        assert isinstance(SINK.probe(procore, part, steps[action]), Absent)
        SINK.perform(procore, part, steps[action])
        assert isinstance(SINK.probe(procore, part, steps[action]), Found)
    found = SINK.probe(procore, part, steps["lines"])
    assert isinstance(found, Found)
    assert found.state.lines == {"l1": "Ll1", "l2": "Ll2"}


def test_a_directory_entry_makes_no_record_and_is_seen_in_the_directory() -> None:
    procore = Procore()
    part, steps = planned(order(line(project="p2")))
    assert isinstance(SINK.probe(procore, part, steps["add_vendor"]), Absent)
    pair = (part, steps["add_vendor"])
    states = SINK.perform_batch(procore, [pair, pair])
    assert [state.target_id for state in states if isinstance(state, TargetState)] == ["", ""]
    assert procore.calls == ["add_vendor"], "one call for all who need it"
    assert isinstance(SINK.probe(procore, part, steps["add_vendor"]), Found)


def test_pruning_takes_off_our_surplus_and_what_others_typed_in_only_when_restoring() -> None:
    procore = Procore()
    part, steps = created(procore)
    SINK.perform(procore, part, steps["lines"])
    rows = procore.contracts[part.target_id]["line_items"]
    rows += [
        {"id": "old", "origin_id": f"{part.reference}:100:l9", "amount": "1"},
        {"id": "typed", "origin_id": "", "amount": "2"},
    ]
    prune, everything = Step(action="prune"), Step(action="prune_all")
    assert isinstance(SINK.probe(procore, part, prune), Absent)
    SINK.perform(procore, part, prune)
    assert isinstance(SINK.probe(procore, part, prune), Found)
    assert isinstance(SINK.probe(procore, part, everything), Absent)
    SINK.perform(procore, part, everything)
    assert procore.calls[-2:] == ["delete old", "delete typed"]


def test_a_commitment_is_found_in_procores_own_pages() -> None:
    profile = {"web_root": "https://app.procore.com", "company_id": "5", "part": "100"}
    url = SINK.web_url("commitment", "77", profile)
    assert url.endswith(
        "/companies/5/projects/100/tools/contracts/commitments/purchase_order_contracts/77"
    )
    assert SINK.web_url("commitment", "77", {**profile, "part": ""}) == ""
