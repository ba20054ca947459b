"""What every page of a guided set-up shares: its steps, their addresses, and what is there."""

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse

from connectors import registry
from connectors.dashboard.workspace import Workspace, show
from connectors.engine.job import Resolved
from connectors.services import set_up
from connectors.services.set_up import STEPS, SetUp
from tenants.scope import tenant_scope

SIDES = STEPS[:2]


class Loaded(NamedTuple):
    """What a page of a set-up is about."""

    resolved: Resolved
    found: SetUp


def show_step(
    request: HttpRequest, here: Workspace, template: str, at: Loaded, step: str, **context: Any
) -> HttpResponse:
    """A page of the set-up, with its steps beside it."""
    resolved, found = at
    flow = resolved.flow.key
    titles = {
        "source": f"Connect {resolved.source.title}",
        "target": f"Connect {resolved.target.title}",
        "options": "Start and options",
        "matching": "Matching",
        "fit": "Fit report",
        "live": "Go live",
    }
    steps = [
        {
            "number": number,
            "title": titles[name],
            "url": step_url(here, flow, name),
            "done": name in found.done and name != step,
            "current": name == step,
        }
        for number, name in enumerate(STEPS, 1)
    ]
    return show(
        request,
        here,
        template,
        "integrations",
        flow=resolved.flow,
        flow_key=flow,
        source=resolved.source.title,
        there=resolved.target.title,
        set_up=found,
        row=found.integration,
        title=titles[step],
        steps=steps,
        step_number=STEPS.index(step) + 1,
        **context,
    )


def step_url(here: Workspace, flow: str, step: str) -> str:
    if step in SIDES:
        return here.url("set-up-connect", flow, step)
    return here.url(f"set-up-{step}", flow)


def resolved_of(flow: str) -> Resolved:
    if flow not in {known.key for known in registry.FLOWS}:
        raise Http404
    return registry.resolve(flow)


def loaded(here: Workspace, flow: str) -> Loaded:
    resolved = resolved_of(flow)
    with tenant_scope(here.tenant_id):
        return Loaded(resolved, set_up.load(resolved))
