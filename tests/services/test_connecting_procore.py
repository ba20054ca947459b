"""Connecting Procore, where nobody consents: the first test learns which company it is.

Over the simulator and through the same use cases that the staff pages call. Procore documents that
a service account must name its company even to list companies; both answers are tried here.
"""

from typing import Any

import pytest

from connectors import registry
from connectors.core.errors import BadInputError
from connectors.models import Connection, Health
from connectors.services import connections
from connectors.services.choosing import offers
from tenants.scope import tenant_scope
from tests.people import ACTOR, make_tenant
from tests.sandbox.procore_company import (
    BRIDGE,
    COMPANY,
    CREDENTIALS,
    DEPOT,
    EMPTY_COMPANY,
    FORBIDDEN,
    served,
)

pytestmark = pytest.mark.django_db(transaction=True)
SPEC = registry.provider("procore")
TELLS = {"procore_companies_need_header": False}


def connect(**settings: Any) -> Connection:
    return connections.create(
        tenant_id=make_tenant("acme").pk,
        spec=SPEC,
        name="Procore",
        settings={"environment": "production", **settings},
        credentials=CREDENTIALS,
        actor=ACTOR,
    )


def ping(connection: Connection) -> str:
    findings = connections.ping(connection, spec=SPEC, actor=ACTOR)
    return " ".join(finding.words for finding in findings if not finding.ok)


def now(connection: Connection) -> Connection:
    with tenant_scope(connection.tenant_id):
        return Connection.objects.get(pk=connection.pk)


def test_the_only_company_is_taken_by_the_first_test(settings: Any) -> None:
    with served(TELLS, other_companies=[]) as company:
        settings.SANDBOX_URL = company.url
        connection = connect()
        assert ping(connection) == ""
    row = now(connection)
    assert row.health == Health.READY
    assert row.settings["company_id"] == str(COMPANY)
    assert row.profile["name"] == "Ridge Builders"
    assert {str(DEPOT), str(BRIDGE)} <= set(row.profile["permitted"])


def test_of_several_companies_a_person_chooses(settings: Any) -> None:
    with served(TELLS) as company:
        settings.SANDBOX_URL = company.url
        connection = connect()
        words = ping(connection)
        assert "No company is chosen yet" in words
        assert f"Ridge Homes ({EMPTY_COMPANY})" in words
        assert now(connection).health != Health.READY
        setting, choices = offers(now(connection), SPEC)
        assert setting == "company_id"
        assert sorted(value for value, _ in choices) == [str(COMPANY), str(EMPTY_COMPANY)]
        chosen = {**connection.settings, setting: str(COMPANY)}
        connections.change(connection, spec=SPEC, actor=ACTOR, settings=chosen)
        assert ping(connection) == ""
    assert now(connection).health == Health.READY


def test_where_procore_does_not_tell_a_person_names_the_company(settings: Any) -> None:
    with served() as company:
        settings.SANDBOX_URL = company.url
        connection = connect()
        words = ping(connection)
        assert "Enter the company ID in the connection's settings" in words
        assert now(connection).profile == {}
        given = {**connection.settings, "company_id": str(COMPANY)}
        connections.change(connection, spec=SPEC, actor=ACTOR, settings=given)
        assert ping(connection) == ""
    assert len(offers(now(connection), SPEC)[1]) == 2, "the other one can still be chosen"


def test_an_unknown_company_is_said_and_kept(settings: Any) -> None:
    with served(TELLS, other_companies=[]) as company:
        settings.SANDBOX_URL = company.url
        connection = connect(company_id="77")
        words = ping(connection)
    assert "not connected to this company" in words
    assert "App Management" in words
    row = now(connection)
    assert row.settings["company_id"] == "77"
    assert row.health != Health.READY
    assert row.health_words


def test_a_project_that_is_not_permitted_is_named(settings: Any) -> None:
    with served(TELLS, other_companies=[]) as company:
        settings.SANDBOX_URL = company.url
        connection = connect(project_ids=f"{DEPOT},{FORBIDDEN}")
        words = ping(connection)
    assert str(FORBIDDEN) in words
    assert "App Management" in words
    row = now(connection)
    assert row.settings["company_id"] == str(COMPANY), "the company was learnt all the same"
    assert row.health != Health.READY


def test_a_wrong_secret_teaches_nothing(settings: Any) -> None:
    with served(TELLS) as company:
        settings.SANDBOX_URL = company.url
        connection = connect()
        wrong = {"client_secret": "another"}
        connections.change(connection, spec=SPEC, actor=ACTOR, credentials=wrong)
        words = ping(connection)
    assert "client" in words.lower()
    row = now(connection)
    assert (row.profile, row.settings) == ({}, {"environment": "production"})
    assert row.health == Health.NEEDS_AUTHORISATION


def test_a_company_is_a_number(settings: Any) -> None:
    with pytest.raises(BadInputError, match="consists of digits"):
        connect(company_id="Ridge")
