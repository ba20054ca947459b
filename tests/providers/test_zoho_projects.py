"""Zoho Books' projects through the client over the simulator: made, renamed, closed, opened."""

import pytest

from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.records import Raw
from connectors.providers.zoho_books import oauth
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.records import project_row, project_state
from tests.providers.conftest import OpenZoho
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def customer_id(sandbox: SandboxProcess, open_zoho: OpenZoho) -> str:
    """A customer that somebody typed into Zoho; depends on the client, whose world is fresh."""
    del open_zoho
    typed = {"contact_name": "City of Mesa", "contact_type": "customer"}
    return str(sandbox.post("/control/add/zoho_books/contacts", typed)["contact_id"])


@pytest.fixture
def client(open_zoho: OpenZoho) -> ZohoBooksClient:
    return open_zoho()


def made(client: ZohoBooksClient, customer_id: str, **more: str) -> Raw:
    return client.create_project(
        {
            "project_name": "Depot Square",
            "customer_id": customer_id,
            "billing_type": "based_on_task_hours",
            "description": "Ref mlc:1:project:2",
            **more,
        }
    )


def test_a_project_is_made_renamed_closed_and_opened(
    client: ZohoBooksClient, customer_id: str
) -> None:
    key = str(made(client, customer_id)["project_id"])
    state = project_state(client.project(key))
    assert (state.target_id, state.number, state.status) == (key, "Depot Square", "active")
    assert state.content["description"] == "Ref mlc:1:project:2"
    assert state.content["customer_id"] == customer_id
    renamed = project_state(client.update_project(key, {"project_name": "Depot Square Retail"}))
    assert renamed.number == "Depot Square Retail"
    client.set_project_status(key, "inactive")
    assert project_state(client.project(key)).status == "inactive"
    client.set_project_status(key, "active")
    assert project_state(client.project(key)).status == "active"


def test_the_list_has_inactive_ones_and_what_made_them(
    client: ZohoBooksClient, customer_id: str
) -> None:
    key = str(made(client, customer_id)["project_id"])
    client.set_project_status(key, "inactive")
    rows = {row.key: row for page in client.projects() for row in map(project_row, page.rows)}
    assert not rows[key].active
    assert rows[key].attributes["description"] == "Ref mlc:1:project:2"
    assert rows[key].attributes["customer"] == "City of Mesa"


def test_a_project_without_its_customer_is_refused(client: ZohoBooksClient) -> None:
    with pytest.raises(ProviderError) as caught:
        made(client, "")
    assert caught.value.kind is ErrorKind.REJECTED


def test_a_project_that_is_gone_is_not_found(client: ZohoBooksClient) -> None:
    with pytest.raises(ProviderError) as caught:
        client.project("999")
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_only_the_two_statuses_are_sent(client: ZohoBooksClient) -> None:
    with pytest.raises(BadInputError, match="on hold"):
        client.set_project_status("1", "on hold")


def test_the_consent_asks_for_each_scope_once_and_for_no_more_than_is_called() -> None:
    assert len(oauth.SCOPES) == len(set(oauth.SCOPES))
    projects = {scope for scope in oauth.SCOPES if ".projects." in scope}
    assert projects == {f"ZohoBooks.projects.{what}" for what in ("READ", "CREATE", "UPDATE")}


class TestWithoutThePermission:
    """A consent from before projects were written to."""

    @pytest.fixture(autouse=True)
    def _older_consent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = tuple(
            s for s in oauth.SCOPES if not s.endswith(("projects.UPDATE", "projects.CREATE"))
        )
        monkeypatch.setattr(oauth, "SCOPES", kept)

    def test_the_error_says_who_must_connect_again(self, open_zoho: OpenZoho) -> None:
        with pytest.raises(ProviderError) as caught:
            open_zoho().update_project("1", {"project_name": "Other"})
        assert caught.value.kind is ErrorKind.PERMISSION
        assert "reconnects" in str(caught.value)
