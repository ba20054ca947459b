"""What purchase orders and bills have in common: head fields, lines and totals.

A request body and perhaps the document as it stands enter; the head, lines and amounts of the new
document leave. Numbers, statuses and links belong to the two kinds themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.zoho_books import fields, locations
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing, not_found
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import (
    HUNDRED,
    ZERO,
    TaxedLine,
    Terms,
    Totals,
    add_up,
    rounded,
)

ONE = Decimal(1)
REFERENCE_LIMIT = 50
NUMBER_LIMIT = 100
NOTES_LIMIT = 5000
NAME_LIMIT = 255
DESCRIPTION_LIMIT = 2000
# The published files name a custom field in four ways.
CUSTOM_FIELD_KEYS = {
    "customfield_id": "customfield_id",
    "custom_field_id": "customfield_id",
    "api_name": "api_name",
    "index": "index",
}


def reference_row(org: Organization, kind: str, entity: str, record_id: str) -> Record:
    """A record that a body refers to by id."""
    record = org[kind].get(record_id)
    if record is None:
        raise not_found(entity, 400)
    return record


def vendor(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """The document's vendor, an active contact of type vendor."""
    vendor_id = fields.text(body, "vendor_id", old["vendor_id"] if old else "")
    if not vendor_id:
        raise missing("vendor_id")
    contact = reference_row(org, "contacts", "Vendor", vendor_id)
    if contact["contact_type"] != "vendor":
        raise invalid("vendor_id")
    if contact["status"] != "active" and (old is None or old["vendor_id"] != vendor_id):
        raise ZohoError("wrong_status", "The vendor is inactive. Mark the vendor as active first.")
    return contact


def head(org: Organization, entity: str, body: Mapping[str, Any], old: Record | None) -> Record:
    """Fields that both kinds carry at the top; ``entity`` is purchaseorder or bill."""
    before = old or {}
    contact = vendor(org, body, old)
    currency = _currency(org, body, before, contact)
    rate = _exchange_rate(org, body, before, currency)
    custom = custom_fields(org, entity, body, before)
    return {
        "vendor_id": contact["contact_id"],
        "vendor_name": contact["contact_name"],
        "currency_id": currency["currency_id"],
        "currency_code": currency["currency_code"],
        "currency_symbol": currency["currency_symbol"],
        "price_precision": currency["price_precision"],
        "exchange_rate": rate,
        "date": fields.day(body, "date", before.get("date", org.today().isoformat())),
        "reference_number": _limited(body, before, "reference_number", REFERENCE_LIMIT),
        "notes": _limited(body, before, "notes", NOTES_LIMIT),
        "terms": _limited(body, before, "terms", NOTES_LIMIT),
        "is_inclusive_tax": fields.flag(
            body, "is_inclusive_tax", before.get("is_inclusive_tax", False)
        ),
        "custom_fields": custom,
        "custom_field_hash": {one["api_name"]: one["value"] for one in custom},
        "tags": before.get("tags", []),
        "documents": before.get("documents", []),
        **locations.of_document(org, body, before),
    }


def _limited(body: Mapping[str, Any], before: Mapping[str, Any], name: str, limit: int) -> str:
    return fields.text(body, name, before.get(name, ""), limit)


def _currency(
    org: Organization, body: Mapping[str, Any], before: Mapping[str, Any], contact: Record
) -> Record:
    default = before.get("currency_id") or contact["currency_id"]
    currency_id = fields.text(body, "currency_id", default) or default
    if org.options.get("zoho_one_currency_per_contact") and currency_id != contact["currency_id"]:
        raise ZohoError(
            "wrong_currency", f"Transactions of {contact['contact_name']} have another currency."
        )
    return reference_row(org, "currencies", "Currency", currency_id)


def _exchange_rate(
    org: Organization, body: Mapping[str, Any], before: Mapping[str, Any], currency: Record
) -> Decimal:
    if currency["is_base_currency"]:
        return ONE
    same = before.get("currency_id") == currency["currency_id"]
    default = before["exchange_rate"] if same else currency["exchange_rate"]
    rate = fields.number(body, "exchange_rate", default)
    if rate <= 0:
        raise invalid("exchange_rate")
    return rate


def custom_fields(
    org: Organization,
    entity: str,
    body: Mapping[str, Any],
    before: Mapping[str, Any],
    key: str = "custom_fields",
) -> list[Record]:
    """A document's or a line's custom fields, named by id, by index or by API name."""
    known = org.custom_fields.get(entity, [])
    values = {one["api_name"]: one for one in before.get(key, [])}
    for sent in fields.rows(body, key):
        definition = next((one for one in known if _names(sent, one)), None)
        if definition is None:
            raise invalid(key)
        name = definition["api_name"]
        values[name] = {**definition, "value": fields.text(sent, "value")}
    return list(values.values())


def _names(sent: Mapping[str, Any], definition: Record) -> bool:
    return any(
        name in sent and str(sent[name]) == str(definition.get(key, ""))
        for name, key in CUSTOM_FIELD_KEYS.items()
    )


def build_lines(
    org: Organization, sent: Sequence[Mapping[str, Any]], old_lines: Sequence[Record]
) -> list[Record]:
    """New lines; one that names a line_item_id must name one of this document's own."""
    known = {line["line_item_id"]: line for line in old_lines}
    if not sent:
        raise missing("line_items")
    _refuse_untagged(org, sent)
    used: set[str] = set()
    lines = []
    for position, raw in enumerate(sent, start=1):
        line_id = fields.text(raw, "line_item_id")
        if line_id and (line_id not in known or line_id in used):
            raise ZohoError("not_of_this_order", "The line item does not belong to this document.")
        used.add(line_id)
        lines.append(_line(org, raw, known.get(line_id), position))
    # By option, lines that an update leaves out stay.
    kept = old_lines if org.options.get("zoho_keeps_omitted_lines") else ()
    return [*lines, *(dict(line) for line in kept if line["line_item_id"] not in used)]


def _refuse_untagged(org: Organization, sent: Sequence[Mapping[str, Any]]) -> None:
    """By option, lines without a mandatory tag are refused; in which words is not published."""
    words = org.options.get("zoho_untagged_message")
    wanted = {tag["tag_id"] for tag in org["reportingtags"].records() if tag["is_mandatory"]}
    for raw in sent if words else ():
        if wanted - {str(tag.get("tag_id")) for tag in raw.get("tags", ())}:
            raise ZohoError("missing_field", str(words))


def _line(
    org: Organization, raw: Mapping[str, Any], before: Record | None, position: int
) -> Record:
    old: Mapping[str, Any] = before or {}
    item = _item(org, raw, old)
    category = fields.text(raw, "line_item_category", old.get("line_item_category", "line_item"))
    counted = category == "line_item"
    own_account = {"account_id": item.get("purchase_account_id"), **raw}
    account = _account(org, own_account, old) if counted else {}
    tax = _tax(org, raw, old)
    rate = fields.number(raw, "rate", old.get("rate", ZERO)) if counted else ZERO
    quantity = fields.number(raw, "quantity", old.get("quantity", ONE)) if counted else ZERO
    if quantity < 0:
        raise invalid("quantity")
    return {
        "line_item_id": old.get("line_item_id") or org.next_id(),
        "item_id": item.get("item_id", ""),
        "sku": item.get("sku", ""),
        "name": fields.text(raw, "name", old.get("name", item.get("name", "")), NAME_LIMIT),
        "description": fields.text(
            raw, "description", old.get("description", ""), DESCRIPTION_LIMIT
        ),
        "account_id": account.get("account_id", ""),
        "account_name": account.get("account_name", ""),
        "item_order": int(fields.number(raw, "item_order", Decimal(position))),
        "rate": rate,
        "quantity": quantity,
        "unit": fields.text(raw, "unit", old.get("unit", "")),
        "tax_id": tax.get("tax_id", ""),
        "tax_name": tax.get("tax_name", ""),
        "tax_type": tax.get("tax_type", ""),
        "tax_percentage": tax.get("tax_percentage", ZERO),
        **_project(org, raw, old),
        "line_item_category": category,
        "tags": _tags(org, raw, old),
        "item_custom_fields": custom_fields(org, "item", raw, old, "item_custom_fields"),
    }


def _item(org: Organization, raw: Mapping[str, Any], old: Mapping[str, Any]) -> Record:
    item_id = fields.text(raw, "item_id", old.get("item_id", ""))
    return reference_row(org, "items", "Item", item_id) if item_id else {}


def _project(org: Organization, raw: Mapping[str, Any], old: Mapping[str, Any]) -> Record:
    project_id = fields.text(raw, "project_id", old.get("project_id", ""))
    if not project_id:
        return {"project_id": "", "project_name": ""}
    project = reference_row(org, "projects", "Project", project_id)
    return {"project_id": project_id, "project_name": project["project_name"]}


def _tags(org: Organization, raw: Mapping[str, Any], old: Mapping[str, Any]) -> list[Record]:
    """The line's reporting tags, with the names that answers carry."""
    if "tags" not in raw:
        return list(old.get("tags", []))
    found = []
    for sent in fields.rows(raw, "tags"):
        tag = reference_row(org, "reportingtags", "Tag", fields.text(sent, "tag_id"))
        option_id = fields.text(sent, "tag_option_id")
        names = [o["option_name"] for o in tag["options"] if o["option_id"] == option_id]
        if not names:
            raise invalid("tag_option_id")
        found.append(
            {
                "tag_id": tag["tag_id"],
                "tag_name": tag["tag_name"],
                "tag_option_id": option_id,
                "tag_option_name": names[0],
                "is_tag_mandatory": tag["is_mandatory"],
            }
        )
    return found


def _account(org: Organization, raw: Mapping[str, Any], old: Mapping[str, Any]) -> Record:
    account_id = fields.text(raw, "account_id", old.get("account_id", ""))
    if not account_id:
        raise missing("account_id")
    account = reference_row(org, "chartofaccounts", "Account", account_id)
    if not account["is_active"] and account_id != old.get("account_id"):
        raise ZohoError("wrong_status", "The account is inactive. Choose an active account.")
    return account


def _tax(org: Organization, raw: Mapping[str, Any], old: Mapping[str, Any]) -> Record:
    tax_id = fields.text(raw, "tax_id", old.get("tax_id", ""))
    return reference_row(org, "taxes", "Tax", tax_id) if tax_id else {}


def with_prices(org: Organization, record: Record) -> Record:
    """The document with each price in as many decimals as its currency has in this organization.

    Zoho publishes no more than that prices follow the currency's decimals; rounding, as its pages
    do, is what a client must be ready for. An organization may be seeded with finer prices.
    """
    precision = org.record.get("rate_precision") or record["price_precision"]
    lines = [{**line, "rate": rounded(line["rate"], precision)} for line in record["line_items"]]
    return {**record, "line_items": lines}


def document_totals(record: Record, terms: Terms) -> Totals:
    """Totals of a document from its lines."""
    return add_up(
        [
            TaxedLine(line["quantity"], line["rate"], line["tax_id"], line["tax_percentage"])
            for line in record["line_items"]
        ],
        terms,
    )


def with_amounts(org: Organization, record: Record, totals: Totals) -> Record:
    """The document with its computed amounts filled in, lines included."""
    precision = record["price_precision"]
    lines = [
        {
            **line,
            "item_total": item_total,
            "bcy_rate": rounded(line["rate"] * record["exchange_rate"], precision),
        }
        for line, item_total in zip(record["line_items"], totals.item_totals, strict=True)
    ]
    names = {line["tax_id"]: line["tax_name"] for line in lines}
    taxes = [
        {"tax_id": tax_id, "tax_name": names[tax_id], "tax_amount": amount}
        for tax_id, amount in totals.taxes.items()
    ]
    return _less_withheld(
        org,
        {
            **record,
            "line_items": lines,
            "sub_total": totals.sub_total,
            "taxes": taxes,
            "tax_total": totals.tax_total,
            "total": totals.total,
        },
    )


def _less_withheld(org: Organization, record: Record) -> Record:
    """The document less the tax that its vendor's TDS withholds, asked for or not (India)."""
    tax_id = org["contacts"].need(record["vendor_id"]).get("tds_tax_id", "")
    if not tax_id:
        return record
    tax = reference_row(org, "taxes", "Tax", tax_id)
    amount = rounded(
        record["sub_total"] * tax["tax_percentage"] / HUNDRED, record["price_precision"]
    )
    # Published for bills only.
    applied = {"is_tds_applied": True} if "bill_id" in record else {}
    return {
        **record,
        **applied,
        "tds_tax_id": tax_id,
        "tds_amount": amount,
        "total": record["total"] - amount,
    }


def refuse_taken_custom_value(org: Organization, kind: str, record: Record, id_field: str) -> None:
    """Refuse a value of a "no duplicates" custom field that another record holds."""
    for one in record["custom_fields"]:
        if not one.get("is_unique") or not one["value"]:
            continue
        holders = org[kind].find("custom", (one["api_name"], one["value"]))
        if any(holder != record[id_field] for holder in holders):
            label = one.get("label", one["api_name"])
            raise ZohoError(
                "duplicate_custom_field", f"The value of {label} must be unique; it is in use."
            )
