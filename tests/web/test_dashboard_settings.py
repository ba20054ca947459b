"""The settings of a workspace: how its pages write dates and money, and who may change that."""

from decimal import Decimal

import pytest
from django.conf.locale import LANG_INFO
from django.test import Client
from django.utils.formats import get_format

from audit.models import AuditEvent
from connectors.models import Document
from connectors.pages.style import Style, base_first, written_as
from connectors.templatetags.dashboard import day
from tenants.locales import LOCALES
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN = {
    "name": "Acme",
    "time_zone": "Europe/Berlin",
    "alert_email": "",
    "locale": "de",
    "base_currency": "EUR",
}


def test_django_ships_each_locale() -> None:
    for code, _ in LOCALES:
        assert LANG_INFO.get(code) or LANG_INFO[code.partition("-")[0]], code
        assert {"Y"} < set(get_format("YEAR_MONTH_FORMAT", lang=code)), code


def test_sums_begin_with_the_base_currency() -> None:
    sums = {"USD": Decimal(9), "CAD": Decimal(8), "EUR": Decimal(1)}
    assert [currency for currency, _ in base_first(sums)] == ["USD", "CAD", "EUR"]
    with written_as(Style(base_currency="EUR")):
        assert [currency for currency, _ in base_first(sums)] == ["EUR", "USD", "CAD"]


def test_pages_follow_the_workspace(client: Client, people: People, world: World) -> None:
    client.force_login(people.admin)
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(day="2026-03-09")
    page = f"/w/acme/documents/{world.held.pk}/"
    assert "dated 9 Mar 2026" in client.get(page).content.decode()
    assert client.post("/w/acme/settings/", GIVEN).status_code == 302
    assert "dated 9. März 2026" in client.get(page).content.decode()
    assert day("") == ""
    with tenant_scope(world.tenant_id):
        event = AuditEvent.objects.filter(action="tenant.changed").latest("sequence")
    assert event.details["locale"] == ["en-gb", "de"]
    assert event.details["base_currency"] == ["", "EUR"]


def test_other_choices_and_other_people_change_nothing(
    client: Client, people: People, world: World
) -> None:
    client.force_login(people.operator)
    assert client.post("/w/acme/settings/", GIVEN).status_code == 403
    client.force_login(people.outsider)
    assert client.post("/w/acme/settings/", GIVEN).status_code == 404
    client.force_login(people.owner)
    for odd in ({"locale": "../../x"}, {"base_currency": "BTC"}, {"time_zone": "Mars/Base"}):
        answer = client.post("/w/acme/settings/", {**GIVEN, **odd})
        assert "Select a valid choice" in answer.content.decode(), odd
    with tenant_scope(world.tenant_id):
        assert Tenant.objects.get().locale == "en-gb"
