import re
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db import migrations

from tenants.isolation import per_tenant

# How earlier versions told a quantity that they did not post, at the beginning of a piece of text.
TOLD = re.compile(r"(?:^|; )Quantity (-?\d+(?:\.\d+)?)(?= |;|$)")


def worded(lines: list[dict[str, Any]]) -> bool:
    """Name the quantity of each line that was posted as one times its amount; whether any was.

    Lines of one item that together have the quantity of their texts are no bare amounts.
    """
    quantities: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        quantities[item_of(line)] += Decimal(line["quantity"])
    found = False
    for line in lines:
        told = TOLD.search(line.get("description") or "")
        if Decimal(line["quantity"]) != 1 or "said" in line or told is None:
            continue
        if Decimal(told[1]) not in (1, quantities[item_of(line)]):
            line["worded"], found = told[1], True
    return found


def item_of(line: dict[str, Any]) -> str:
    return str(line["key"]).rpartition(":")[0]


def tell_worded_quantities(apps, schema_editor):
    """What an order's text alone says of its quantity stands in a field from now on."""
    for link in apps.get_model("connectors", "Link").objects.filter(target_kind="purchase_order"):
        if worded(link.payload.get("lines") or []):
            link.save(update_fields=["payload"])


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0020_looks'),
    ]

    operations = [
        per_tenant(tell_worded_quantities),
    ]
