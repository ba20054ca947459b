"""Pages for everybody: how each integration works, security, and the documents of the project."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connectors.pages import manual

_FLOWS = ("procurify_to_zoho_books", "zoho_books_to_procore")


@require_safe
def how(request: HttpRequest, flow: str) -> HttpResponse:
    """What an integration moves, and what it does about hard cases."""
    if flow not in _FLOWS:
        raise Http404
    return _show(request, f"public/{flow}.html")


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    return _show(request, "public/security.html")


@require_safe
def manuals(request: HttpRequest) -> HttpResponse:
    return _show(request, "public/manuals.html", titles=manual.titles())


@require_safe
def manual_page(request: HttpRequest, name: str) -> HttpResponse:
    found = manual.find(name)
    if found is None:
        raise Http404
    return _show(request, "public/manual.html", manual=found, titles=manual.titles())


def _show(request: HttpRequest, template: str, **more: object) -> HttpResponse:
    return render(request, template, {"sign_up_open": settings.SIGN_UP_OPEN, **more})
