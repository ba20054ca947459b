"""Applying a changed mapping to posted commitments: previewed in Procore's own words, then done."""

from typing import Any

import pytest

from connectors.core.references import MappingKey
from connectors.core.states import State
from connectors.engine.job import Job
from connectors.engine.renewal import Change, Preview, Wish
from connectors.models import Document, Link, Mapping, ReferenceItem
from connectors.services import mapping, posted_policy
from tests.engine.drive import run_until_idle
from tests.flows.conftest import ACTOR, Builder, with_options
from tests.flows.test_commitments_typed_in import contracts
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def job(builder: Builder) -> Job:
    """One order that is posted, in a company that lets approved commitments be changed."""
    job = with_options(builder(plain=True, orders=1), {"reopen_approved": True})
    run_until_idle(job)
    return job


def posted(job: Job) -> Link:
    with job.scope():
        return Link.objects.select_related("document").get(document__stream="purchase_order")


def remap(job: Job, kind: str) -> tuple[Wish, str, str]:
    """Another target for the first mapping of this kind that was used; the wish, old and new."""
    link = posted(job)
    key = next(row for row in link.mappings if row["kind"] == kind)["source_key"]
    with job.scope():
        old = Mapping.objects.get(kind=kind, source_key=key).target_key
        items = ReferenceItem.objects.filter(connection=job.target, kind=kind, active=True)
        new = next(
            item.key
            for item in items.exclude(key=old).order_by("key")
            if kind != "cost_code" or _budgeted(item, link.part)
        )
    mapping.set_mapping(job.integration, kind=kind, source_key=key, target_key=new, actor=ACTOR)
    return Wish(key=MappingKey(kind, key), target_key=new), old, new


def _budgeted(item: Any, project: str) -> bool:
    about = item.attributes.get("projects", {}).get(project, {})
    return bool(about.get("active") and about.get("budgeted"))


def changes(found: Preview) -> list[Change]:
    [outlook] = found.changing
    return list(outlook.changes)


def test_a_code_is_previewed_by_its_name_and_then_changed(
    job: Job, sandbox: SandboxProcess
) -> None:
    wish, old, new = remap(job, "cost_code")
    before = posted(job)
    found = posted_policy.preview(job, wish)
    names = posted_policy.names(job, found)
    fields = {change.field for change in changes(found)}
    assert fields == {"wbs_code_id"}, "nothing of ours is shown, and nothing else moves"
    for change in changes(found):
        assert old in names[change.before]
        assert new in names[change.after]
    count = posted_policy.confirm(job, wish, digest=found.digest, actor=ACTOR)
    run_until_idle(job)
    assert count == 1
    after = posted(job)
    assert after.document.state == State.POSTED, after.document.words
    assert after.target_id == before.target_id
    moved = {change.before: change.after for change in changes(found)}
    [contract] = contracts(sandbox)
    there = {str(line["wbs_code"]["id"]) for line in contract["line_items"]}
    assert set(moved.values()) <= there
    assert not there & moved.keys()
    assert posted_policy.preview(job, wish).changing == ()


def test_a_vendor_is_previewed_by_its_name_and_then_changed(
    job: Job, sandbox: SandboxProcess
) -> None:
    wish, old, new = remap(job, "vendor")
    found = posted_policy.preview(job, wish)
    assert [(c.field, c.before, c.after) for c in changes(found)] == [("vendor_id", old, new)]
    assert {old, new} <= posted_policy.names(job, found).keys()
    posted_policy.confirm(job, wish, digest=found.digest, actor=ACTOR)
    run_until_idle(job)
    [contract] = contracts(sandbox)
    assert str(contract["vendor"]["id"]) == new
    assert contract["status"] == "Approved"


@pytest.mark.soak
def test_another_project_is_previewed_as_one_that_ends_and_one_that_begins(
    job: Job, sandbox: SandboxProcess
) -> None:
    """An approved commitment is closed, and another one stands in the other project."""
    wish, _, new = remap(job, "project")
    found = posted_policy.preview(job, wish)
    told = changes(found)
    assert not [one for one in told if one.field.startswith("source_")], "those are ours alone"
    assert Change(line="", field="project_id", before="", after=new) in told
    assert ("status", "Closed") in {(change.field, change.after) for change in told}


@pytest.mark.soak
def test_a_locked_commitment_stays_and_says_why(job: Job, sandbox: SandboxProcess) -> None:
    locked = with_options(job, {"reopen_approved": False})
    wish, *_ = remap(locked, "cost_code")
    found = posted_policy.preview(locked, wish)
    assert found.changing == ()
    [outlook] = found.standing
    assert outlook.obstacle
    assert posted_policy.confirm(locked, wish, digest=found.digest, actor=ACTOR) == 0
    with job.scope():
        assert Document.objects.get(stream="purchase_order").state == State.POSTED


def test_options_are_previewed_for_commitments_too(job: Job, sandbox: SandboxProcess) -> None:
    """Cost codes from a tag: no code is mapped for it, so the commitment stays and says so."""
    tagged = with_options(job, {"cost_code_from": "tag", "cost_code_name": "Phase"})
    found = posted_policy.preview(tagged, posted_policy.of_options())
    assert found.changing == ()
    [outlook] = found.standing
    assert "cost code" in outlook.obstacle
