"""What staff do goes through the use cases: it works, is audited with their name, and refusals are
words at the form."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from connectors import registry
from connectors.models import (
    Connection,
    Document,
    Integration,
    Mapping,
    MappingFailure,
    Run,
    Wait,
    open_sealed,
)
from connectors.services import connections
from connectors.transport.provider import Finding
from tenants.models import Member, Tenant, User
from tenants.scope import platform_scope, tenant_scope
from tests.people import People
from tests.web.world import FLOW, World, make_connections, seen_of


def page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def said(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def actors(tenant_id: int, action: str) -> list[str]:
    with tenant_scope(tenant_id):
        return list(AuditEvent.objects.filter(action=action).values_list("actor", flat=True))


def test_log_in_and_out(client: Client, clerk: User) -> None:
    sign_in = {"username": clerk.email, "password": "a-long-password"}
    answer = client.post("/sign-in/?next=/admin/", sign_in)
    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/logout/").status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_password_can_be_changed(staff: Client, clerk: User) -> None:
    fresh = "quite-another-phrase"
    given = {"old_password": "a-long-password", "new_password1": fresh, "new_password2": fresh}
    assert staff.post("/admin/password_change/", given).status_code == 302
    clerk.refresh_from_db()
    assert clerk.check_password(fresh)
    assert staff.get("/admin/").status_code == 200, "still logged in"


def test_a_person_is_added_and_changed(staff: Client) -> None:
    given = {"email": "New@Example.com", "usable_password": "false", "name": "New"}
    assert staff.post(page("tenants_user_add"), given).status_code == 302
    person = User.objects.get(email="new@example.com")
    changed = {"email": person.email, "name": "Newer", "is_active": "on"}
    assert staff.post(page("tenants_user_change", person.pk), changed).status_code == 302
    person.refresh_from_db()
    assert person.name == "Newer"
    assert staff.get(page("tenants_user_delete", person.pk)).status_code == 403


def test_only_superusers_give_power(client: Client, people: People, clerk: User) -> None:
    helper = people.viewer
    helper.is_staff = True
    helper.save()
    helper.user_permissions.add(*Permission.objects.filter(content_type__app_label="tenants"))
    client.force_login(helper)
    mine = page("tenants_user_change", helper.pk)
    changed = {"email": helper.email, "name": "Me", "is_active": "on", "is_superuser": "on"}
    assert client.post(mine, changed).status_code == 302
    helper.refresh_from_db()
    assert (helper.name, helper.is_superuser) == ("Me", False)
    assert helper.is_staff, "a field that may not be given is not taken away either"
    theirs = page("tenants_user_change", clerk.pk)
    assert client.post(theirs, {"email": clerk.email, "name": "x"}).status_code == 403
    assert client.get(page("auth_user_password_change", clerk.pk)).status_code == 403


def test_a_tenant_is_added_with_its_owner(staff: Client, people: People, clerk: User) -> None:
    given = {
        "name": "Third",
        "slug": "third",
        "owner": people.outsider.pk,
        "time_zone": "America/Chicago",
    }
    answer = staff.post(page("tenants_tenant_add"), given)
    with platform_scope():
        tenant = Tenant.objects.get(slug="third")
    assert answer["Location"] == page("tenants_tenant_change", tenant.pk)
    with tenant_scope(tenant.pk):
        assert Member.objects.get().user == people.outsider
    assert actors(tenant.pk, "tenant.created") == [f"user:{clerk.pk} {clerk.email}"]
    again = staff.post(page("tenants_tenant_add"), given)
    assert "is taken" in again.content.decode()


def test_members_come_and_go_but_the_last_owner_stays(staff: Client, people: People) -> None:
    url = page("tenants_tenant_change", people.tenant.pk)
    staff.post(url, {"user": people.outsider.pk, "role": "viewer"})
    with tenant_scope(people.tenant.pk):
        assert Member.objects.get(user=people.outsider).role == "viewer"
    remove = page("tenants_tenant_remove_member", people.tenant.pk, people.outsider.pk)
    staff.post(remove)
    staff.post(page("tenants_tenant_remove_member", people.tenant.pk, people.owner.pk))
    assert "last owner" in said(staff, url)
    with tenant_scope(people.tenant.pk):
        assert not Member.objects.filter(user=people.outsider).exists()
        assert Member.objects.filter(user=people.owner).exists()


def test_a_tenant_is_changed_and_audited(staff: Client, people: People) -> None:
    url = page("tenants_tenant_edit", people.tenant.pk)
    given = {"name": "Acme Corp", "time_zone": "Europe/Berlin", "alert_email": "ap@acme.example"}
    assert staff.post(url, given).status_code == 302
    with tenant_scope(people.tenant.pk):
        tenant = Tenant.objects.get()
        assert (tenant.name, tenant.time_zone) == ("Acme Corp", "Europe/Berlin")
        event = AuditEvent.objects.get(action="tenant.changed")
    assert event.details["name"] == ["Acme", "Acme Corp"]


def test_a_connection_is_added_and_its_secret_only_goes_in(
    staff: Client, people: People, clerk: User
) -> None:
    url = page("connectors_connection_add") + "?provider=procurify"
    given = {
        "tenant": people.tenant.pk,
        "name": "Procurify",
        "credential_client_id": "an-id",
        "credential_client_secret": "typed-secret",
        "setting_subdomain": "not a label!",
    }
    refused = staff.post(url, given)
    assert "is no subdomain" in refused.content.decode()
    assert "typed-secret" not in refused.content.decode()
    answer = staff.post(url, {**given, "setting_subdomain": "Acme"})
    assert answer.status_code == 302
    with tenant_scope(people.tenant.pk):
        connection = Connection.objects.get()
        stored = open_sealed(connection, "sealed_credentials")
    assert stored == {"client_id": "an-id", "client_secret": "typed-secret"}
    assert connection.settings == {"subdomain": "acme"}
    assert actors(people.tenant.pk, "connection.created") == [f"user:{clerk.pk} {clerk.email}"]


def test_an_empty_secret_is_kept(staff: Client, people: People) -> None:
    source, _ = make_connections(people.tenant.pk)
    url = page("connectors_connection_edit", source.pk)
    given = {"credential_client_id": "other-id", "setting_subdomain": "acme-two"}
    assert staff.post(url, given).status_code == 302
    with tenant_scope(people.tenant.pk):
        row = Connection.objects.get(pk=source.pk)
        assert open_sealed(row, "sealed_credentials")["client_secret"] == "planted-client-secret"
        assert row.settings == {"subdomain": "acme-two"}


def test_a_connection_is_tested_outside_any_transaction(
    staff: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones: list[bool] = []

    def ping(connection: Connection, **_: object) -> list[Finding]:
        open_ones.append(database.in_atomic_block)
        return [Finding(name="authorised", ok=False, words="Procurify does not know the client.")]

    monkeypatch.setattr(connections, "ping", ping)
    answer = staff.post(page("connectors_connection_test", world.source.pk))
    assert "Procurify does not know the client." in answer.content.decode()
    assert open_ones == [False]
    assert staff.get(page("connectors_connection_test", world.source.pk)).status_code == 302
    assert len(open_ones) == 1, "a link must not test anything"


def test_an_organisation_is_chosen(staff: Client, people: People) -> None:
    _, target = make_connections(people.tenant.pk)
    offered = [{"organization_id": "601", "name": "Acme"}, {"organization_id": "602", "name": "B"}]
    with tenant_scope(people.tenant.pk):
        Connection.objects.filter(pk=target.pk).update(profile={"organizations": offered})
    url = page("connectors_connection_choose", target.pk)
    assert "B (602)" in said(staff, url)
    assert staff.post(url, {"offer": "999"}).status_code == 200
    assert staff.post(url, {"offer": "602"}).status_code == 302
    with tenant_scope(people.tenant.pk):
        assert Connection.objects.get(pk=target.pk).settings["organization_id"] == "602"


def test_an_integration_is_added_with_its_options(
    staff: Client, people: People, world: World
) -> None:
    url = page("connectors_integration_add")
    assert "For which tenant?" in said(staff, url)
    assert "Which flow?" in said(staff, f"{url}?tenant={world.tenant_id}")
    given = {
        "name": "Second",
        "source": world.source.pk,
        "target": world.target.pk,
        "interval_minutes": "30",
        "option_order_status": "draft",
        "option_bill_date": "invoice",
        "option_bills_without_order": "wait",
        "option_create_vendors": "never",
        "option_follow_closed": "on",
    }
    add = f"{url}?tenant={world.tenant_id}&flow=procurify_to_zoho_books"
    assert "This field is required" in staff.post(add, given).content.decode(), "since when"
    answer = staff.post(add, {**given, "history_start": "2026-11-01"})
    assert answer.status_code == 302, answer.content.decode()
    with tenant_scope(world.tenant_id):
        made = Integration.objects.get(name="Second")
        assert not Run.objects.filter(integration=made).exists(), "nothing begins by itself"
    assert (made.enabled, made.next_run_at) == (False, None)
    start = page("connectors_integration_press", made.pk, "resume")
    assert "moves the same records" in staff.post(start, follow=True).content.decode()
    with tenant_scope(world.tenant_id):
        Integration.objects.update(enabled=False)
        Run.objects.update(status=Run.Status.FINISHED)
    assert "Started; a run is queued." in staff.post(start, follow=True).content.decode()
    with tenant_scope(world.tenant_id):
        made = Integration.objects.get(name="Second")
    assert made.enabled
    assert made.options["order_status"] == "draft"
    assert made.options["post_card_bills"] is False
    assert made.interval_minutes == 30


def test_another_tenants_connection_cannot_be_chosen(
    staff: Client, world: World, other_world: World
) -> None:
    url = page("connectors_integration_add")
    given = {"name": "Wrong", "source": other_world.source.pk, "target": world.target.pk}
    answer = staff.post(
        f"{url}?tenant={world.tenant_id}&flow=procurify_to_zoho_books",
        {**given, "interval_minutes": "30", "option_order_status": "open"},
    )
    assert "not one of the available choices" in answer.content.decode()


def test_an_unreadable_schedule_is_refused_in_words(staff: Client, world: World) -> None:
    url = page("connectors_integration_edit", world.integration.pk)
    given = {
        "name": "Main Street purchasing",
        "interval_minutes": "15",
        "cron": "every day",
        "option_order_status": "open",
        "option_bill_date": "posting",
        "option_bills_without_order": "wait",
        "option_create_vendors": "never",
    }
    assert "is not a cron expression" in staff.post(url, given).content.decode()
    assert staff.post(url, {**given, "cron": "30 6 * * 1-5"}).status_code == 302
    with tenant_scope(world.tenant_id):
        assert Integration.objects.get(pk=world.integration.pk).cron == "30 6 * * 1-5"


def test_the_forecast_speaks(staff: Client, world: World) -> None:
    url = page("connectors_integration_forecast")
    query: dict[str, str | int] = {"flow": FLOW, "source": world.source.pk, "interval_minutes": 15}
    assert "96 runs a day" in staff.get(url, query).content.decode()
    assert "one minute or more" in staff.get(url, {**query, "interval_minutes": 0}).content.decode()


def test_run_now_pause_and_resume(staff: Client, world: World, clerk: User) -> None:
    def press(button: str) -> None:
        url = page("connectors_integration_press", world.integration.pk, button)
        assert staff.get(url).status_code == 302, "a link presses nothing"
        assert staff.post(url).status_code == 302

    press("sweep")
    with tenant_scope(world.tenant_id):
        queued = Run.objects.get(status="queued")
    assert queued.sweep
    assert queued.actor == f"user:{clerk.pk} {clerk.email}"
    press("pause")
    with tenant_scope(world.tenant_id):
        assert not Integration.objects.get(pk=world.integration.pk).enabled
    press("resume")
    with tenant_scope(world.tenant_id):
        assert Integration.objects.get(pk=world.integration.pk).enabled
    assert len(actors(world.tenant_id, "integration.run_requested")) == 2


def test_run_now_from_the_list(staff: Client, world: World, other_world: World) -> None:
    chosen = [world.integration.pk, other_world.integration.pk]
    act(staff, "connectors_integration", "run_chosen", chosen)
    with platform_scope():
        assert Run.objects.filter(status="queued").count() == 2


def act(staff: Client, model: str, action: str, chosen: list[int]) -> None:
    url = page(f"{model}_changelist")
    answer = staff.post(url, {"action": action, "_selected_action": chosen, "index": "0"})
    assert answer.status_code == 302


def test_documents_of_several_tenants_are_replayed(
    staff: Client, world: World, other_world: World
) -> None:
    act(staff, "connectors_document", "replay_chosen", [world.held.pk, other_world.posted.pk])
    with platform_scope():
        due = set(Document.objects.filter(state="due").values_list("pk", flat=True))
    assert due == {world.held.pk, other_world.posted.pk}
    assert len(actors(other_world.tenant_id, "document.replayed")) == 1


def test_dismissing_needs_a_reason(staff: Client, world: World, clerk: User) -> None:
    url = page("connectors_document_dismiss", world.held.pk)
    assert "required" in staff.post(url, {"reason": " "}).content.decode()
    given = {"reason": "Paid by card.", "seen": seen_of(world.held)}
    assert staff.post(url, given).status_code == 302
    with tenant_scope(world.tenant_id):
        document = Document.objects.get(pk=world.held.pk)
    assert document.state == "dismissed"
    assert "Paid by card." in document.words
    assert clerk.email in document.words
    again = staff.post(url, {"reason": "Once more.", "seen": seen_of(world.held)})
    assert "Only waiting or held" in again.content.decode()


def test_resolving_releases_what_waits(staff: Client, world: World, clerk: User) -> None:
    url = page("connectors_mappingfailure_change", world.failure.pk)
    text = said(staff, url)
    assert "1,234.50 EUR" in text
    assert text.index("Map to this") < text.index("Another one"), "suggestions come first"
    assert 'value="9001"' in text
    refused = staff.post(url, {"target_key": "no-such-vendor"})
    assert refused.status_code == 200
    assert staff.post(url, {"target_key": "9001"}).status_code == 302
    with tenant_scope(world.tenant_id):
        assert MappingFailure.objects.get().status == "resolved"
        assert Mapping.objects.get(source_key="7").target_key == "9001"
        assert Document.objects.get(pk=world.waiting.pk).state == "due"
        assert not Wait.objects.exists()
    assert actors(world.tenant_id, "mapping.set") == [f"user:{clerk.pk} {clerk.email}"]


def test_what_waits_for_a_failure_is_replayed(staff: Client, world: World) -> None:
    staff.post(page("connectors_mappingfailure_replay", world.failure.pk))
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=world.waiting.pk).wants_read


def test_a_mapping_gets_another_target(staff: Client, world: World) -> None:
    url = page("connectors_mapping_change", world.mapping.pk)
    assert staff.post(url, {"target_key": "9001"}).status_code == 302
    with tenant_scope(world.tenant_id):
        row = Mapping.objects.get(pk=world.mapping.pk)
    assert (row.target_key, row.origin) == ("9001", "person")


@pytest.mark.parametrize("model", ["document", "run", "mapping", "connection", "integration"])
def test_nothing_is_deleted(staff: Client, world: World, model: str) -> None:
    pk = {"document": world.held, "run": world.run, "mapping": world.mapping}.get(
        model, getattr(world, "source" if model == "connection" else "integration")
    ).pk
    assert staff.post(page(f"connectors_{model}_delete", pk), {"post": "yes"}).status_code == 403


def test_staff_who_may_only_look_cannot_act(client: Client, world: World, clerk: User) -> None:
    clerk.is_superuser = False
    clerk.save()
    clerk.user_permissions.add(*_views())
    client.force_login(clerk)
    document = page("connectors_document_change", world.held.pk)
    assert "Dismiss" not in said(client, document)
    for url in (
        page("connectors_document_dismiss", world.held.pk),
        page("connectors_document_replay", world.held.pk),
        page("connectors_integration_press", world.integration.pk, "run"),
        page("connectors_mappingfailure_change", world.failure.pk),
        page("connectors_connection_test", world.source.pk),
        page("connectors_connection_edit", world.source.pk),
    ):
        assert client.post(url, {"reason": "x", "target_key": "9001"}).status_code == 403, url
    act_url = page("connectors_document_changelist")
    client.post(act_url, {"action": "replay_chosen", "_selected_action": [world.held.pk]})
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=world.held.pk).state == "held"


def _views() -> list[Permission]:
    return list(Permission.objects.filter(codename__startswith="view_"))


def test_every_provider_has_a_form(staff: Client, people: People) -> None:
    url = page("connectors_connection_add")
    for spec in registry.PROVIDERS:
        assert spec.title in said(staff, url)
        text = said(staff, f"{url}?provider={spec.key}")
        for field in (*spec.credential_fields, *spec.setting_fields):
            assert field.label in text
