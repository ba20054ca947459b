"""What a connection's last test has read is what its form offers: projects, by name."""

from django.test import Client
from django.urls import reverse

from connectors import registry
from connectors.models import Connection
from connectors.services import connections
from tenants.scope import tenant_scope
from tests.people import ACTOR, People


def test_projects_are_offered_by_name_once_a_test_has_read_them(
    staff: Client, people: People
) -> None:
    connection = connections.create(
        tenant_id=people.tenant.pk,
        spec=registry.provider("procore"),
        name="Procore",
        settings={"environment": "production", "company_id": "42", "project_ids": "7, 9"},
        credentials={"client_id": "an-id", "client_secret": "typed-secret"},
        actor=ACTOR,
    )
    url = reverse("admin:connectors_connection_edit", args=[connection.pk])
    assert 'type="checkbox" name="setting_project_ids"' not in staff.get(url).content.decode()
    rows = [{"id": "7", "name": "Harbour"}, {"id": "8", "name": "School"}]
    with tenant_scope(people.tenant.pk):
        Connection.objects.filter(pk=connection.pk).update(profile={"projects": rows})
    form = staff.get(url).content.decode()
    assert "Harbour (7)" in form
    assert "School (8)" in form
    assert "9, which the test did not find" in form
    given = {"setting_environment": "production", "setting_company_id": "42"}
    refused = staff.post(url, {**given, "setting_project_ids": ["6"]})
    assert refused.status_code == 200, "6 is not offered"
    chosen = {**given, "setting_project_ids": ["7", "8"], "setting_try_project": "8"}
    assert staff.post(url, chosen).status_code == 302
    with tenant_scope(people.tenant.pk):
        settings = Connection.objects.get(pk=connection.pk).settings
    assert (settings["project_ids"], settings["try_project"]) == ("7,8", "8")
    assert staff.post(url, {**given, "setting_project_ids": []}).status_code == 302
    with tenant_scope(people.tenant.pk):
        assert "project_ids" not in Connection.objects.get(pk=connection.pk).settings
