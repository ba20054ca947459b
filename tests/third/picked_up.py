"""Parcelbook is registered: staff pages, schedules, webhooks and the engine know it already.

Run by ``test_third_integration`` in a copy of the project where the two packages have been placed;
nowhere else, as its name says to pytest. Imports nothing of theirs: whoever uses a provider or a
flow finds it in the registry.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from connectors import registry, tasks
from connectors.engine import dispatch
from connectors.engine.job import Job, load_job
from connectors.models import (
    Attempt,
    Connection,
    Document,
    InboxEvent,
    Integration,
    MappingFailure,
    Outcome,
    Run,
    WebhookEndpoint,
)
from connectors.services import connections, integrations, mapping, webhooks
from tenants.models import Tenant, User
from tenants.scope import tenant_scope
from tests.engine import drive
from tests.people import ACTOR, make_tenant
from tests.third.simulator import CLIENT_ID, CLIENT_SECRET, Simulator, running

KEY = "parcelbook"
FLOW = "parcelbook_to_parcelbook"
KEYS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
Integrated = Callable[..., Job]


@pytest.fixture
def parcelbook(settings: Settings) -> Iterator[Simulator]:
    """Both houses, at the address that stands for every provider: three have sent something."""
    with running(urlsplit(settings.SANDBOX_URL).port or 0) as (simulator, _):
        for house, key, name in (
            ("north", "n1", "Acme GmbH"),
            ("north", "n2", "Bolt & Sons"),
            ("south", "s1", "ACME GMBH"),
            ("south", "s2", "Bolt and Daughters"),
        ):
            simulator.put(house, "contacts", key, name=name)
        simulator.ship("1", "n1", ("Bolts", "100", "0.35"), ("Nuts", "3", "1.10"))
        simulator.ship("2", "n2", ("Washers", "10", "2.50"))
        simulator.ship("3", "n1", ("Boxes", "1", "4.00"), status="packing")
        yield simulator


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("acme")


@pytest.fixture
def staff(client: Client, transactional_db: None) -> Client:
    client.force_login(User.objects.create_superuser("staff@example.com"))
    return client


@pytest.fixture
def integrated(parcelbook: Simulator, tenant: Tenant) -> Integrated:
    """Both houses connected, tested and joined by the flow."""

    def connect(house: str) -> Connection:
        spec = registry.provider(KEY)
        connection = connections.create(
            tenant_id=tenant.pk,
            spec=spec,
            name=house,
            settings={"house": house},
            credentials=KEYS,
            actor=ACTOR,
        )
        findings = connections.ping(connection, spec=spec, actor=ACTOR)
        assert all(finding.ok for finding in findings), findings
        return connection

    def make(**options: object) -> Job:
        integration = integrations.create(
            tenant_id=tenant.pk,
            resolved=registry.resolve(FLOW),
            name="North to south",
            source=connect("north"),
            target=connect("south"),
            options=options,
            actor=ACTOR,
            enabled=True,
        )
        return load_job(tenant.pk, integration.pk, registry.resolve)

    return make


def document(job: Job, key: str) -> Document:
    with job.scope():
        return Document.objects.get(integration=job.integration, key=key)


def states(job: Job) -> dict[str, str]:
    with job.scope():
        return dict(Document.objects.values_list("key", "state"))


# --- staff pages ----------------------------------------------------------------------------------


def test_staff_connect_it(staff: Client, tenant: Tenant, parcelbook: Simulator) -> None:
    url = reverse("admin:connectors_connection_add")
    assert "Parcelbook" in staff.get(url).content.decode(), "offered"
    form = staff.get(f"{url}?provider={KEY}").content.decode()
    for words in ("Key ID", "Key secret", "House", "The part before .parcelbook.example."):
        assert words in form
    given = {
        "tenant": tenant.pk,
        "name": "North",
        "setting_house": "North",
        **{f"credential_{name}": value for name, value in KEYS.items()},
    }
    assert staff.post(f"{url}?provider={KEY}", given).status_code == 302
    with tenant_scope(tenant.pk):
        [row] = Connection.objects.all()
    assert row.settings == {"house": "north"}
    tested = staff.post(reverse("admin:connectors_connection_test", args=[row.pk]))
    assert "The key opens House North." in tested.content.decode()
    assert CLIENT_SECRET not in tested.content.decode()


def test_staff_set_the_flow_up(staff: Client, integrated: Integrated, tenant: Tenant) -> None:
    job = integrated()
    url = reverse("admin:connectors_integration_add") + f"?tenant={tenant.pk}&flow={FLOW}"
    form = staff.get(url).content.decode()
    for words in ("Announce deliveries", "Note on each delivery", "Parcelbook connection"):
        assert words in form
    given = {
        "name": "Second",
        "source": job.source.pk,
        "target": job.target.pk,
        "interval_minutes": 30,
        "history_start": "2026-11-01",
        "option_note": "Ring twice",
    }
    integrations.pause(job.integration, resolved=registry.resolve(FLOW), actor=ACTOR)
    assert staff.post(url, given).status_code == 302
    with tenant_scope(tenant.pk):
        made = Integration.objects.get(name="Second")
    assert made.options == {"announce": False, "note": "Ring twice"}
    page = staff.get(reverse("admin:connectors_integration_change", args=[made.pk]))
    assert "Parcelbook shipments to Parcelbook deliveries" in page.content.decode()
    assert "Ring twice" in page.content.decode()


# --- schedules and the engine ---------------------------------------------------------------------


def test_the_schedule_has_a_price_and_comes_due(integrated: Integrated, tenant: Tenant) -> None:
    job = integrated()
    cost = integrations.forecast(job.resolved, job.source, interval_minutes=60)
    assert (cost.runs_per_day, cost.calls_per_day, cost.allowed_per_day) == (24, 48, None)
    before = timezone.now()
    dispatch.dispatch()
    with tenant_scope(tenant.pk):
        [run] = Run.objects.all()
        assert run.trigger == Run.Trigger.SCHEDULE
        [row] = Integration.objects.all()
        assert row.next_run_at is not None
        assert row.next_run_at > before


def test_a_poll_posts_what_can_be_posted(integrated: Integrated, parcelbook: Simulator) -> None:
    job = integrated(note="Ring twice")
    drive.run_until_idle(job)
    assert states(job) == {"1": "posted", "2": "waiting", "3": "not_applicable"}
    [made] = parcelbook.deliveries()
    assert (made["reference"], made["status"], made["total"]) == (
        "mlc:north:1",
        "announced",
        "38.30",
    )
    assert (made["contact_id"], made["note"]) == ("s1", "Ring twice")
    with job.scope():
        [failure] = MappingFailure.objects.filter(status=MappingFailure.Status.OPEN)
        [suggested] = mapping.suggestions(failure, job.flow)
        assert (failure.label, suggested.target_key) == ("Bolt & Sons", "s2")
        mapping.resolve(failure, target_key=suggested.target_key, actor=ACTOR)
    parcelbook.ship("1", "n1", ("Bolts", "100", "0.40"))
    parcelbook.expire_tokens()
    asked = parcelbook.token_requests
    drive.run_until_idle(job)
    assert states(job) == {"1": "posted", "2": "posted", "3": "not_applicable"}
    assert {row["reference"]: row["total"] for row in parcelbook.deliveries()} == {
        "mlc:north:1": "40.00",
        "mlc:north:2": "25.00",
    }
    assert parcelbook.token_requests == asked + 2, "one renewal for each connection"


def test_a_lost_answer_makes_no_second_one(integrated: Integrated, parcelbook: Simulator) -> None:
    parcelbook.lose_answers = 2
    job = integrated()
    drive.run_until_idle(job)
    assert parcelbook.lose_answers == 0
    assert [row["reference"] for row in parcelbook.deliveries()] == ["mlc:north:1"]
    assert parcelbook.writes.count("POST deliveries") == 1
    assert parcelbook.writes.count("POST deliveries/announce") == 1
    assert states(job)["1"] == "posted"
    with job.scope():
        results = list(Outcome.objects.order_by("pk").values_list("result", flat=True))
        assert results.count("unknown") == results.count("found") == 2
        assert Attempt.objects.count() == 2


# --- webhooks -------------------------------------------------------------------------------------


def test_its_hook_is_kept_and_its_deliveries_are_followed(
    integrated: Integrated,
    parcelbook: Simulator,
    live_server: LiveServer,
    settings: Settings,
) -> None:
    settings.BASE_URL = live_server.url
    job = integrated()
    with job.scope():
        endpoints = list(WebhookEndpoint.objects.order_by("connection_id"))
    assert [row.connection_id for row in endpoints] == [job.source.pk, job.target.pk]
    for row in endpoints:
        tasks.check_hooks(job.tenant_id, row.pk)
    [hook] = parcelbook.houses["north"].tables["hooks"].values()
    assert hook["address"].startswith(f"{live_server.url}/webhooks/{KEY}/")

    assert parcelbook.tell("north", "shipment", "1", signed_with="somebody") == [401]
    assert parcelbook.tell("north", "shipment", "1") == [200]
    with job.scope():
        [event] = InboxEvent.objects.all()
        assert (event.resource, event.key, event.status) == ("shipment", "1", "pending")
        assert WebhookEndpoint.objects.get(connection=job.source).refused == 1

    # No run has read anything yet: the hint alone brings the shipment; a run brings the contacts.
    tasks.follow_inbox(job.tenant_id, job.source.pk)
    assert document(job, "1").number == "S-1"
    drive.run_until_idle(job)
    parcelbook.ship("1", "n1", ("Bolts", "1", "5.00"))
    assert parcelbook.tell("north", "shipment", "1") == [200]
    tasks.follow_inbox(job.tenant_id, job.source.pk)
    drive.work_on_documents(job)
    [made] = parcelbook.deliveries()
    assert (made["total"], made["status"]) == ("5.00", "announced")
    with job.scope():
        assert set(InboxEvent.objects.values_list("status", flat=True)) == {"done"}


def test_its_hooks_go_with_the_last_integration(
    integrated: Integrated, parcelbook: Simulator
) -> None:
    job = integrated()
    with job.scope():
        source = WebhookEndpoint.objects.get(connection=job.source)
    tasks.check_hooks(job.tenant_id, source.pk)
    tasks.check_hooks(job.tenant_id, source.pk)
    assert len(parcelbook.houses["north"].tables["hooks"]) == 1, "made once"
    integrations.pause(job.integration, resolved=job.resolved, actor=ACTOR)
    webhooks.keep_hooks(job.tenant_id, source.pk, registry.provider)
    assert parcelbook.houses["north"].tables["hooks"] == {}
