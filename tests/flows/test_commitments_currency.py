"""The currency of commitments, read from Procore's configuration as the real API shows it."""

import pytest

from connectors.core.states import Reason, State
from connectors.models import Document, ReferenceItem
from tests.engine.drive import run_until_idle
from tests.flows.conftest import Builder, Job


def states(job: Job) -> set[tuple[str, str]]:
    with job.scope():
        rows = Document.objects.filter(stream="purchase_order")
        return {(row.state, row.reason) for row in rows}


def currencies(job: Job) -> set[str]:
    with job.scope():
        rows = ReferenceItem.objects.filter(connection=job.target, kind="project")
        return {row.attributes["currency"] for row in rows}


@pytest.mark.soak
@pytest.mark.parametrize("said", ["refused", "missing", "unprocessable", "odd"])
def test_where_no_configuration_is_shown_orders_are_held_until_a_person_names_the_currency(
    builder: Builder, said: str
) -> None:
    job = builder(plain=True, orders=2, options={"procore_currency": said})
    run_until_idle(job)
    assert currencies(job) == {""}
    assert states(job) == {(State.HELD, Reason.CURRENCY_DIFFERS)}


def test_a_project_without_a_currency_of_its_own_is_kept_in_the_companys(builder: Builder) -> None:
    job = builder(plain=True, orders=2, options={"procore_currency": "of_company"})
    run_until_idle(job)
    assert currencies(job) == {"USD"}
    assert states(job) == {(State.POSTED, "")}
