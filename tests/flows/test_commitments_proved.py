"""What the integration may only do once the connection's test has shown that Procore allows it."""

from typing import Any

import pytest

from connectors import registry
from connectors.core.errors import BadInputError
from connectors.flows.zoho_books_to_procore.options import unproved
from connectors.models import Connection, Integration
from connectors.services import connections, integrations
from tests.flows.conftest import ACTOR, Builder, Job

REOPEN = {"reopen_approved": True}


def options_of(job: Job) -> dict[str, Any]:
    with job.scope():
        return dict(Integration.objects.get(pk=job.integration.pk).options)


def change(job: Job, **options: Any) -> None:
    integrations.change(job.integration, resolved=job.resolved, actor=ACTOR, options=options)


def forget_proof(job: Job) -> None:
    with job.scope():
        profile = {k: v for k, v in job.target.profile.items() if k != "reopens_approved"}
        Connection.objects.filter(pk=job.target.pk).update(profile=profile)


def test_approved_commitments_are_changed_where_procore_was_seen_to_allow_it(
    builder: Builder,
) -> None:
    job = builder(plain=True, orders=1)
    assert job.target.profile["reopens_approved"] is True
    assert options_of(job) == REOPEN


def test_a_company_that_keeps_them_locked_cannot_have_the_option(builder: Builder) -> None:
    with pytest.raises(BadInputError, match="keeps approved commitments locked"):
        builder(plain=True, orders=1, options={"procore_reopen_approved": False})


def test_what_was_not_tried_cannot_be_turned_on_and_what_was_on_stays(builder: Builder) -> None:
    job = builder(plain=True, orders=1)
    forget_proof(job)
    change(job, **REOPEN, drift="restore")
    assert options_of(job) == {**REOPEN, "drift": "restore"}
    change(job, drift="restore")
    with pytest.raises(BadInputError, match="Project for trying"):
        change(job, **REOPEN)
    assert options_of(job) == {"drift": "restore"}
    connections.ping(job.target, spec=registry.provider("procore"), actor=ACTOR)
    change(job, **REOPEN)
    assert options_of(job) == REOPEN


def test_other_options_need_no_proof() -> None:
    assert unproved({"allow_unbudgeted": True}, {}) == ""
    assert unproved({"reopen_approved": False}, {"reopens_approved": False}) == ""
    assert unproved(REOPEN, {"reopens_approved": True}) == ""
    for profile in ({}, {"reopens_approved": None}, {"reopens_approved": "yes"}):
        assert "cannot be turned on" in unproved(REOPEN, profile)
