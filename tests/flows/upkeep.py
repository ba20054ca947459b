"""Rows of master data and facts for decisions on what is kept up: small, literal, all in order.

And the passing of time for tests over HTTP, whose lists are fresh for an hour.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F

from connectors.core.decisions import Deliver, Facts, LinkState, MappedTarget, PartPlan
from connectors.core.flow import Context
from connectors.engine.job import Job
from connectors.flows.zoho_books_to_procore import FLOW
from connectors.models import Document, Link, ReferenceState
from tenants.scope import tenant_scope
from tests.engine.drive import run_until_idle

SETTINGS = {"zoho": {"organization_id": "42"}, "procore": {"company_id": "7"}}


def context(stream: str, **options: Any) -> Context:
    """The context as the engine hands it over: turned round for what Procore owns."""
    sides = ("zoho", "procore") if FLOW.stream(stream).owner == "source" else ("procore", "zoho")
    return Context(
        options=FLOW.default_options() | options,
        source_settings=SETTINGS[sides[0]],
        target_settings=SETTINGS[sides[1]],
    )


def raw(key: str, name: str, **changes: Any) -> dict[str, Any]:
    """A record of a row that is linked to nothing, unless something else is said."""
    fields = {
        "key": key,
        "name": name,
        "number": "",
        "active": True,
        "attributes": {},
        "linked": [],
        "wanted": False,
        "needed": [],
        "followed": True,
        "shared": [],
        "unconfirmed": [],
    }
    return fields | changes


def decide(stream: str, record: Mapping[str, Any], facts: Facts, **options: Any) -> Any:
    parsed = FLOW.stream(stream).parse(record)
    return FLOW.decide(stream, parsed, facts, context(stream, **options))


def needs(stream: str, record: Mapping[str, Any], **options: Any) -> Any:
    parsed = FLOW.stream(stream).parse(record)
    return FLOW.needs(stream, parsed, context(stream, **options))


def row(key: str, name: str, number: str = "", **attributes: Any) -> MappedTarget:
    active = attributes.pop("active", True)
    return MappedTarget(key=key, name=name, number=number, active=active, attributes=attributes)


def rows(*found: MappedTarget) -> dict[str, MappedTarget]:
    return {one.key: one for one in found}


def parts(decision: Any) -> list[PartPlan]:
    assert isinstance(decision, Deliver), decision
    return list(decision.parts)


def steps(decision: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every step in order, with its body but for whose it is."""
    return [
        (step.action, {name: said for name, said in step.body.items() if name != "id"})
        for part in parts(decision)
        for step in part.steps
    ]


def link(part: str, target_id: str, payload: Mapping[str, Any], **changes: Any) -> LinkState:
    fields: dict[str, Any] = {
        "part": part,
        "target_kind": "",
        "target_id": target_id,
        "target_number": target_id,
        "reference": f"ref:{part}",
        "status": "",
        "payload": payload,
        "lines": {},
        "total": None,
        "version": "",
    }
    return LinkState(**(fields | changes))


def read_again(job: Job) -> None:
    """Some time later, when the lists are old: they are read, and what follows is done."""
    earlier = timedelta(seconds=5)
    with tenant_scope(job.tenant_id):
        Link.objects.update(confirmed_at=F("confirmed_at") - earlier)
        Document.objects.update(state_at=F("state_at") - earlier)
        ReferenceState.objects.update(read_at=None)
    run_until_idle(job)
