"""The simulator answers with no field that Zoho neither publishes nor was seen to send.

The folder with Zoho's files is named by ZOHO_BOOKS_SPECS; without it there is nothing to compare.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.providers.conftest import OpenZoho
from tests.providers.test_zoho_client import bill_body, first_row, order_body

FOLDER = os.environ.get("ZOHO_BOOKS_SPECS", "")
pytestmark = pytest.mark.zoho_specs

# Seen in recorded answers of a real organisation, and in no file.
_APPROVALS = {"submitted_by", "approvers_list", "custom_field_hash"}
RECORDED: dict[str, set[str]] = {
    "bills": _APPROVALS
    | {"entity_type", "is_approval_required", "source", "submitted_date"}
    | {"unprocessed_payment_amount"},
    "purchase-order": _APPROVALS
    | {"approver_id", "billed_status", "received_status", "order_status", "bills"}
    | {"quantity_billed", "quantity_cancelled", "quantity_marked_as_received"},
    "contacts": {"custom_field_hash", "lock_details", "locked_actions", "vendor_name"}
    | {"outstanding_payable_amount", "unused_credits_payable_amount"},
}
# On the pages where people edit an order, and so possible in its answer.
ON_PAGES = {"adjustment", "adjustment_description", "discount_amount"}


@cache
def published(name: str) -> frozenset[str]:
    """Every property that a file names anywhere."""
    spec = yaml.load(Path(FOLDER, f"{name}.yml").read_text(), Loader=yaml.CSafeLoader)
    return frozenset(_properties(spec))


def _properties(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for one in node for name in _properties(one)}
    if not isinstance(node, Mapping):
        return set()
    own = node.get("properties")
    found = set(own) if isinstance(own, Mapping) else set()
    return found | {name for one in node.values() for name in _properties(one)}


def names_of(answer: Any) -> set[str]:
    """Every field of an answer; those of a hash are people's own."""
    if isinstance(answer, list):
        return {name for one in answer for name in names_of(one)}
    if not isinstance(answer, Mapping):
        return set()
    inner = {k: v for k, v in answer.items() if k != "custom_field_hash"}
    return set(answer) | {name for one in inner.values() for name in names_of(one)}


def test_answers_have_no_invented_fields(open_zoho: OpenZoho) -> None:
    client = open_zoho()
    bill, order = (
        client.create_bill(bill_body(client)),
        client.create_purchase_order(order_body(client)),
    )
    contact = first_row(client.contacts())
    answers = {
        "bills": [bill, first_row(client.bills())],
        "purchase-order": [order, first_row(client.purchase_orders())],
        "contacts": [contact, client.contact(contact["contact_id"])],
    }
    strange = {
        name: sorted(names_of(found) - published(name) - RECORDED[name] - ON_PAGES)
        for name, found in answers.items()
    }
    assert strange == {name: [] for name in answers}
