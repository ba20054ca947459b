"""What tests of alerts share: channels that are made, and what became of their messages."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.core import clock
from connectors.models import Alert, AlertChannel, AlertDelivery, Document, MappingFailure, Topic
from connectors.services import alert_channels
from connectors.services.alert_channels import Choice
from tenants.models import User
from tenants.scope import tenant_scope
from tests.people import ACTOR
from tests.web.receiver import Receiver, receiving
from tests.web.world import World

AT_ONCE = Choice(topics=Topic.values, pace="at_once", hour=8)
DAILY = Choice(topics=Topic.values, pace="daily", hour=8)
NOON = dt.datetime(2026, 11, 27, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.ALERT_LOOPBACK = True
    with receiving() as made:
        yield made


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """Lets time go on."""
    moment = [NOON]
    monkeypatch.setattr(clock, "now", lambda: moment[0])

    def later(by: dt.timedelta) -> None:
        moment[0] += by

    return later


def add(world: World, receiver: Receiver, kind: str = "slack", choice: Choice = AT_ONCE) -> Any:
    return alert_channels.add_webhook(
        tenant_id=world.tenant_id,
        kind=kind,
        name=f"#{kind}",
        url=receiver.url,
        choice=choice,
        actor=ACTOR,
    )


def mail_to(world: World, person: User, choice: Choice = AT_ONCE) -> AlertChannel:
    return alert_channels.add_mail(
        tenant_id=world.tenant_id, user_id=person.pk, choice=choice, actor=ACTOR
    )


def set_own(world: World, person: User, *, wanted: bool = True, choice: Choice = AT_ONCE) -> None:
    alert_channels.set_own(
        tenant_id=world.tenant_id, user=person, wanted=wanted, choice=choice, actor=ACTOR
    )


def rows(world: World) -> list[AlertDelivery]:
    with tenant_scope(world.tenant_id):
        return list(AlertDelivery.objects.order_by("pk"))


def channel(world: World) -> AlertChannel:
    with tenant_scope(world.tenant_id):
        return AlertChannel.objects.get(own=False)


def news_again(world: World) -> None:
    with tenant_scope(world.tenant_id):
        Alert.objects.all().delete()
        Document.objects.update(told="")
        MappingFailure.objects.update(alerted_at=None)
