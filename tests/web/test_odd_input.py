"""What people and browsers send that nobody can mean: each page answers, in words where it asks."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.web.test_admin_pages import LISTS
from tests.web.world import World

NULS = "&".join(f"{name}=%00" for name in ("state", "kind", "status", "flow", "reason", "provider"))
ODD = (f"?{NULS}", f"?health=%00&p={'9' * 20}")


def test_lists_answer_odd_addresses(staff: Client, world: World) -> None:
    for name in LISTS:
        for query in ODD:
            assert staff.get(reverse(f"admin:{name}_changelist") + query).status_code < 500, name
    dry = reverse("admin:connectors_integration_dry", args=[world.integration.pk])
    assert staff.get(dry + "?outcome=wait&cause=%00").status_code == 400


def test_nobody_confirms_a_link_of_nothing(staff: Client, world: World) -> None:
    url = reverse("admin:connectors_integration_confirm", args=[world.integration.pk])
    assert staff.post(url, {"kind": "a\x00b", "source_key": "\x00"}).status_code == 302


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"name": "n" * 121}, "at most 120 characters"),
        ({"cron": "0 " * 80}, "at most 120 characters"),
        ({"interval_minutes": "99999999999"}, "less than or equal to 1000000"),
        ({"history_start": "0001-01-01"}, "choose a day from 1990-01-01"),
        ({"history_start": "2999-01-01"}, "choose a day from 1990-01-01"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    staff: Client, world: World, odd: dict[str, str], words: str
) -> None:
    given = {
        "name": "Main Street purchasing",
        "interval_minutes": "15",
        "option_order_status": "open",
        "option_bill_date": "posting",
        "option_bills_without_order": "wait",
        "option_create_vendors": "never",
    }
    url = reverse("admin:connectors_integration_edit", args=[world.integration.pk])
    assert words in staff.post(url, {**given, **odd}).content.decode()
