"""What is decided on a contact's vendor: which fields, whose origin id, and what is left alone."""

from typing import Any

import pytest

from connectors.core.decisions import Deliver, Facts, LinkState, MappedTarget, NotApplicable
from connectors.core.records import TargetState
from connectors.core.references import ReferenceRow
from connectors.core.upkeep import record_of
from connectors.flows.zoho_books_to_procore import FLOW
from connectors.flows.zoho_books_to_procore.upkeep_vendors import state_of
from connectors.flows.zoho_books_to_procore.words import (
    is_our_vendor,
    vendor_of,
    vendor_reference,
)
from connectors.providers.procore.records import vendor_row as procore_vendor
from connectors.providers.zoho_books.records import vendor_row as zoho_vendor
from tests.flows.commitments import context

ORGANIZATION = {"organization_id": "42"}
OURS = "mlc:42:vendor:c1:900"
CONTACT = {
    "contact_id": "c1",
    "contact_name": "Acme  Rebar Inc.",
    "status": "active",
    "email": "Orders@Acme.example",
    "phone": "+1 (303) 555-0100",
}


def there(**changes: Any) -> MappedTarget:
    """Procore's vendor as its list has it, called otherwise unless something else is said."""
    raw = {"id": 900, "name": "Acme Rebar", "is_active": True, **changes}
    row = procore_vendor(raw)
    return MappedTarget(
        key=row.key, name=row.name, number=row.number, active=row.active, attributes=row.attributes
    )


def decide(
    row: MappedTarget, link: LinkState | None = None, *, followed: bool = True, **contact: Any
) -> Any:
    raw = record_of(
        zoho_vendor({**CONTACT, **contact}), ["900"], wanted=False, needed=[], followed=followed
    )
    record = FLOW.stream("vendor").parse(raw)
    facts = Facts(rows={"900": row}, links={link.part: link} if link else {})
    assert FLOW.needs("vendor", record, context()).rows == {("vendor", "900")}
    return FLOW.decide("vendor", record, facts, context())


def step(decision: Any) -> Any:
    assert isinstance(decision, Deliver), decision
    [part] = decision.parts
    [only] = part.steps
    return only


def linked(**payload: Any) -> LinkState:
    return LinkState(
        part="900",
        target_kind="vendor",
        target_id="900",
        target_number="Acme Rebar Inc.",
        reference=OURS,
        status="active",
        payload={
            "name": "Acme Rebar Inc.",
            "is_active": True,
            "email_address": "Orders@Acme.example",
            "business_phone": "+1 (303) 555-0100",
            "origin_id": OURS,
            **payload,
        },
        lines={},
        total=None,
        version="",
    )


def test_a_linked_vendor_gets_what_zoho_says_and_our_origin_id() -> None:
    found = step(decide(there()))
    assert (found.action, found.batch) == ("attach", "vendors")
    assert found.body == {
        "id": "900",
        "row": {
            "name": "Acme Rebar Inc.",
            "is_active": True,
            "email_address": "Orders@Acme.example",
            "business_phone": "+1 (303) 555-0100",
            "origin_id": OURS,
        },
    }


def test_what_is_empty_in_zoho_is_left_out() -> None:
    found = step(decide(there(business_phone="555-1"), email="", phone=""))
    assert set(found.body["row"]) == {"name", "is_active", "origin_id"}


def test_another_programs_origin_id_stays() -> None:
    found = step(decide(there(origin_id="ERP-77")))
    assert "origin_id" not in found.body["row"]
    assert found.body["row"]["name"] == "Acme Rebar Inc."


def test_the_origin_id_of_another_contact_of_ours_is_replaced_and_of_this_one_kept() -> None:
    assert step(decide(there(origin_id="mlc:42:vendor:c2:900"))).body["row"]["origin_id"] == OURS
    made = step(decide(there(origin_id="mlc:42:vendor:c1"))).body["row"]["origin_id"]
    assert made == "mlc:42:vendor:c1"
    strange = step(decide(there(origin_id="mlc:43:vendor:c1")))
    assert "origin_id" not in strange.body["row"]


def test_what_says_the_same_in_its_own_spelling_costs_no_call() -> None:
    same = there(
        name="Acme Rebar Inc.",
        email_address="orders@acme.example",
        business_phone="1-303-555-0100",
        origin_id=OURS,
    )
    decision = decide(same)
    [agreed] = decision.agreed
    assert (agreed.target_id, agreed.reference) == ("900", OURS)


def test_only_what_changed_is_written_and_inactive_is_a_change() -> None:
    found = step(decide(there(origin_id=OURS), linked(), status="inactive"))
    assert (found.action, found.body) == ("update", {"id": "900", "row": {"is_active": False}})


@pytest.mark.parametrize(("ours", "theirs"), [("active", False), ("inactive", True)])
def test_at_first_sight_nothing_is_switched_on_or_off(ours: str, theirs: bool) -> None:
    decision = decide(there(is_active=theirs), status=ours)
    assert isinstance(decision, NotApplicable)
    assert "until both say the same" in decision.words
    [agreed] = decide(there(is_active=False, name="Other"), status="inactive").agreed
    assert agreed.payload == {"is_active": False}, "the rest follows once it is active again"


def test_with_the_option_off_it_is_not_followed() -> None:
    decision = decide(there(), followed=False)
    assert isinstance(decision, NotApplicable)
    upkeep = FLOW.stream("vendor").upkeep
    assert upkeep is not None
    assert upkeep.enabled(context())
    assert not upkeep.enabled(context(vendors_follow=False))
    assert upkeep.creates(context()) == "never"
    assert upkeep.creates(context(create_vendors="needed")) == "needed"


# --- what somebody changed ------------------------------------------------------------------------


def differs(**changes: Any) -> list[tuple[str, str, str]]:
    raw = {
        "id": 900,
        "name": "Acme Rebar Inc.",
        "is_active": True,
        "email_address": "orders@acme.example",
        "business_phone": "(1) 303 555 0100",
        **changes,
    }
    state: TargetState = state_of(procore_vendor(raw))
    assert FLOW.differences is not None
    found = FLOW.differences("vendor", linked().payload, state)
    return [(one.field, one.ours, one.theirs) for one in found]


def test_a_spelling_of_procores_is_no_difference() -> None:
    assert differs() == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"name": "Acme"}, ("name", "Acme Rebar Inc.", "Acme")),
        ({"is_active": False}, ("status", "active", "inactive")),
        ({"email_address": None}, ("e-mail", "Orders@Acme.example", "")),
        ({"business_phone": "555"}, ("phone", "+1 (303) 555-0100", "555")),
    ],
)
def test_differences_are_said_in_plain_words(
    changes: dict[str, Any], found: tuple[str, str, str]
) -> None:
    assert differs(**changes) == [found]


def test_whose_origin_id_it_carries_is_nobodys_concern() -> None:
    assert differs(origin_id="ERP-77") == []


# --- references and links by them -----------------------------------------------------------------


def test_references_say_whose_they_are_and_fit() -> None:
    assert vendor_reference("c1", "", ORGANIZATION) == "mlc:42:vendor:c1"
    assert vendor_reference("c1", "900", ORGANIZATION) == OURS
    long = {"organization_id": "60069194202000000"}
    contact = "4600000000260490001"
    found = {
        vendor_reference(contact, key, long) for key in ("", "598134325678901", "598134325678")
    }
    assert len(found) == 3
    for text in found:
        assert len(text) <= 50
        assert is_our_vendor(text, long)
        assert vendor_of(text) == contact
    assert vendor_of("mlc:42:77001:1:1") == vendor_of("ERP-77") == vendor_of("") == ""
    assert not is_our_vendor(OURS, {"organization_id": "43"})


def row(key: str, name: str, **attributes: Any) -> ReferenceRow:
    return ReferenceRow(kind="vendor", key=key, name=name, attributes=attributes)


def test_a_vendor_that_carries_our_origin_id_is_linked_before_names_are_compared() -> None:
    ours = [row("c1", "Acme"), row("c2", "Bolts")]
    theirs = [row("900", "Bolts", origin_id=OURS), row("901", "Bolts", origin_id="")]
    [link] = FLOW.autolink(ours, theirs, frozenset())
    assert (link.source_key, link.target_key) == ("c1", "900")
    assert "carries our origin id" in link.evidence


def test_a_contact_whose_origin_id_two_vendors_carry_is_not_linked_by_it() -> None:
    theirs = [row("900", "X", origin_id=OURS), row("901", "Y", origin_id="mlc:42:vendor:c1:901")]
    assert FLOW.autolink([row("c1", "Acme")], theirs, frozenset()) == []


@pytest.mark.parametrize("link", [None, "linked"])
def test_a_vendor_that_nobody_confirmed_is_never_written_to(link: str | None) -> None:
    raw = record_of(zoho_vendor(CONTACT), ["900"], wanted=False, needed=[], unconfirmed=["900"])
    before = LinkState(
        part="900",
        target_kind="vendor",
        target_id="900",
        target_number="Acme Rebar",
        reference=OURS,
        status="active",
        payload={"name": "Acme Rebar"},
        lines={},
        total=None,
        version="",
    )
    facts = Facts(rows={"900": there()}, links={"900": before} if link else {})
    decision = FLOW.decide("vendor", FLOW.stream("vendor").parse(raw), facts, context())
    assert not isinstance(decision, Deliver)
    if link is None:
        assert isinstance(decision, NotApplicable)
        assert "no person has confirmed" in decision.words
