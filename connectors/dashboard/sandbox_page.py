"""What the demo's simulators take as credentials, for trying the set-up by hand.

There is such a page only in a demo. The values open nothing but the simulators of this machine.
"""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connectors import registry
from connectors.management import sandbox_door
from connectors.management.demo import EXAMPLES, SETTINGS
from connectors.transport.provider import ProviderSpec


@never_cache
@require_safe
def sandbox_page(request: HttpRequest) -> HttpResponse:
    """Every company that the simulators play, and what each of its systems asks for."""
    if not (settings.DEBUG and settings.SANDBOX_URL):
        raise Http404
    found = sandbox_door.call(settings.SANDBOX_URL, "GET", "/control/health")["companies"]
    companies = [_company(name) for name in found if name in EXAMPLES]
    return render(request, "account/sandbox.html", {"companies": companies})


def _company(name: str) -> dict[str, Any]:
    told = sandbox_door.call(settings.SANDBOX_URL, "GET", f"/control/company?company={name}")
    example = EXAMPLES[name]
    resolved = registry.resolve(example.flow)
    return {
        "name": example.name,
        "flow": resolved.flow.title,
        "since": told["history_start"],
        "systems": [_system(spec, told[spec.key]) for spec in (resolved.source, resolved.target)],
    }


def _system(spec: ProviderSpec, given: dict[str, Any]) -> dict[str, Any]:
    """The labels of its form, each with what to enter."""
    values = {field.name: given.get(field.name, "") for field in spec.credential_fields}
    values |= {ours: given.get(theirs, "") for ours, theirs in SETTINGS[spec.key].items()}
    fields = (*spec.credential_fields, *spec.setting_fields)
    return {
        "title": spec.title,
        "fields": [(field.label, values[field.name]) for field in fields if values.get(field.name)],
    }
