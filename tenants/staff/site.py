"""The staff site: every view reads as the platform role, in one short transaction.

Requests enter, rendered pages leave. Views that write through use cases or call a provider say so
with ``acts`` and enter the scopes they need by themselves. Knows no model.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from connectors.core.storable import storable_text
from tenants.scope import platform_scope

View = Callable[..., HttpResponse]
Marked = TypeVar("Marked", bound=Callable[..., Any])
# Unfold writes its colours into a style block, and its Alpine.js evaluates the expressions of its
# templates. No script stands in a page all the same.
_allowing_unfold = csp_replace(
    {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
)


def acts(view: Marked) -> Marked:
    """Mark a view that must not run inside one transaction: it writes, or calls a provider."""
    view.acts = True  # type: ignore[attr-defined]
    return view


class StaffSite(UnfoldAdminSite):
    """Wraps each view in the platform scope, rendering included: templates read lazily too."""

    index_title = "Overview"

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        checked: View = super().admin_view(view, cacheable)

        def served(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.GET = _storable(request.GET)
            # Asked before the platform role reads: a session that a new password ended is deleted.
            signed_in = request.user.is_authenticated
            if _acts(view) or not signed_in:
                return checked(request, *args, **kwargs)
            with platform_scope():
                response = checked(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            return response

        return cast("View", update_wrapper(_allowing_unfold(served), view))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Everybody signs in at one place."""
        query = request.GET.urlencode() or urlencode({"next": reverse("admin:index")})
        return HttpResponseRedirect(f"{reverse('account_login')}?{query}")

    # These write to the tables of people and sessions, which belong to no tenant.

    @acts
    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().logout(request, extra_context)

    @acts
    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's page of this name, with a form that counts tries."""
        from tenants.accounts.own_password import OwnPasswordForm  # noqa: PLC0415 - needs the models

        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast("HttpResponse", view(request))

    @acts
    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().password_change_done(request, extra_context)


def _storable(asked: QueryDict) -> Any:
    """Without NUL, which PostgreSQL refuses wherever a filter compares with it."""
    cleaned = QueryDict(mutable=True)
    for name, values in asked.lists():
        cleaned.setlist(storable_text(name), [storable_text(value) for value in values])
    return cleaned


def _acts(view: View) -> bool:
    """Marked itself, or a view of an admin whose table belongs to no tenant."""
    owner = getattr(view, "__self__", None)
    return getattr(view, "acts", False) or getattr(owner, "global_table", False)
