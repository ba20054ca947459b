"""Overview shows each working connection's calls of the day, and when its budget would end."""

from datetime import datetime, timedelta
from unittest.mock import patch

from django.test import Client

from connectors import registry
from connectors.core import clock
from connectors.engine.quota import DatabaseDailyBudget
from connectors.models import Connection, Health
from connectors.services import quotas
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World


def test_the_budget_of_today_is_measured(client: Client, people: People, world: World) -> None:
    provider = registry.provider("zoho_books")
    with tenant_scope(world.tenant_id):
        Connection.objects.filter(pk=world.target.pk).update(
            settings={**world.target.settings, "per_day": "1000"}, health=Health.READY
        )
        Connection.objects.filter(pk=world.source.pk).update(health=Health.SUSPENDED)
        row = Connection.objects.get(pk=world.target.pk)
        limits = provider.limits(row.settings, row.profile)
        resets: datetime = limits.next_day(clock.now())
        midday = resets - timedelta(hours=12)
        subject = provider.quota_subject(row.settings)
        with patch.object(clock, "now", return_value=midday):
            (one,) = quotas.gauges(registry.provider)
            assert one.used is None
            DatabaseDailyBudget().add(subject, limits.day(midday), 400)
            (one,) = quotas.gauges(registry.provider)
            assert (one.used, one.allowed, one.expected, one.ends_at) == (400, 1000, 800, None)
            assert (one.share, one.ahead) == (40.0, 40.0)
            DatabaseDailyBudget().add(subject, limits.day(midday), 400)
            (one,) = quotas.gauges(registry.provider)
            # 800 in twelve hours: the last 200 go in three.
            assert one.ends_at == midday + timedelta(hours=3)
    client.force_login(people.viewer)
    page = client.get("/w/acme/").content.decode()
    assert "Calls today" in page
    assert "800 <span" in page
