"""The page of a document: one button for each way out, and none for a page that is out of date."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from connectors.admin.exit_buttons import Places, buttons
from connectors.core.exits import Exit, exits
from connectors.core.states import Reason, State
from connectors.models import Document
from tenants.scope import tenant_scope
from tests.web.world import World, seen_of

STANDS: list[tuple[State, Reason | None]] = [
    (state, None) for state in State if state not in (State.WAITING, State.HELD)
]
STANDS += [(state, reason) for state in (State.WAITING, State.HELD) for reason in Reason]
SIDES = Places(source=("Procurify", "https://p.example/1"), target=("Zoho", "https://z.example/1"))
# Their "button" is the sentence that it goes on by itself.
WITHOUT = {Exit.ITSELF}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(("state", "reason"), STANDS)
def test_each_way_out_has_a_button_and_no_other_has(
    state: State, reason: Reason | None, kept: bool
) -> None:
    document = Document(pk=7, integration_id=3, state=state, reason=reason or "")
    drawn = [button.way for button in buttons(document, kept=kept, places=SIDES)]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == (exits(state, reason, kept=kept) | {Exit.SOURCE}) - WITHOUT


def test_every_button_leads_to_a_page_that_is_there(staff: Client, world: World) -> None:
    for document in (world.held, world.waiting, world.posted):
        text = staff.get(change(document)).content.decode()
        row = text.split('class="staff-buttons"')[1].split("staff-say")[0]
        links = re.findall(r'href="(/[^"]*)"', row)
        assert links
        for link in links:
            assert staff.get(link.replace("&amp;", "&")).status_code == 200, link


def test_what_waits_for_a_mapping_leads_to_it(staff: Client, world: World) -> None:
    text = staff.get(change(world.waiting)).content.decode()
    url = reverse("admin:connectors_mappingfailure_change", args=[world.failure.pk])
    assert f'<a class="staff-button" href="{url}">Map ' in text


# --- pages that are out of date -------------------------------------------------------------------


def change(document: Document, name: str = "change") -> str:
    return reverse(f"admin:connectors_document_{name}", args=[document.pk])


def move_on(document: Document) -> None:
    """Somebody else, or a run, brought it further while the page was open."""
    with tenant_scope(document.tenant_id):
        rows = Document.objects.filter(pk=document.pk)
        for state in (State.DUE, State.DELIVERING):
            rows.update(state=state)
        rows.update(state=State.POSTED, reason="", words="Posted as 812.")


Carries = Callable[[Client, Document], str]


def by_button(staff: Client, document: Document) -> str:
    """What the buttons of the document's own page send along."""
    text = staff.get(change(document)).content.decode()
    return re.findall(r'name="seen" value="([0-9a-f]{32})"', text)[0]


def by_form(staff: Client, document: Document) -> str:
    """What a form carries that was opened from a page which had been open for long."""
    text = staff.get(change(document)).content.decode()
    [url] = re.findall(r'href="([^"]*/dismiss/[^"]*)"', text)
    move_on(document)
    form = staff.get(url).content.decode()
    return re.findall(r'name="seen" value="([0-9a-f]{32})"', form)[0]


@pytest.mark.parametrize("carries", [by_button, by_form], ids=["button", "form"])
@pytest.mark.parametrize("name", ["replay", "dismiss", "anew", "link", "restore", "adopt"])
def test_a_decision_on_an_old_page_is_refused_with_what_it_is_now(
    staff: Client, world: World, name: str, carries: Carries
) -> None:
    seen = carries(staff, world.held)
    if carries is by_button:
        move_on(world.held)
    url = change(world.held, name) + ("?part=whole&target=1" if name == "link" else "")
    answer = staff.post(url, {"reason": "Typed in.", "seen": seen}, follow=True).content.decode()
    assert "has moved on since you saw it. It is posted now: Posted as 812." in answer
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=world.held.pk).state == State.POSTED


def test_a_changed_reason_or_record_counts_as_moved(world: World) -> None:
    before = seen_of(world.held)
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(fence=99, tries=3)
    assert seen_of(world.held) == before, "work on it that led to the same is no move"
    for field in ("words", "fingerprint"):
        with tenant_scope(world.tenant_id):
            Document.objects.filter(pk=world.held.pk).update(**{field: "other"})
        assert seen_of(world.held) != before
        before = seen_of(world.held)


def test_a_form_without_what_was_seen_is_refused(staff: Client, world: World) -> None:
    answer = staff.post(change(world.held, "dismiss"), {"reason": "Old form."}).content.decode()
    assert "has moved on" in answer
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=world.held.pk).state == State.HELD
