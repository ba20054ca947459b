"""The base of every staff page: lists and shows rows of all tenants, and writes none itself.

A person's input goes to a use case, whose refusal comes back as the form's error. Rows of tenants
are neither saved nor deleted here.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from connectors.core.errors import ConnectorError
from tenants.scope import platform_scope
from tenants.staff.lookups import DeclaredLookups


class StaffAdmin(DeclaredLookups, ModelAdmin):
    """Read-only unless a page of its own asks for input.

    ``empty_words`` tells on an empty list what to do next; ``hidden_fields`` are never read, let
    alone shown.
    """

    empty_words = ""
    hidden_fields: tuple[str, ...] = ()
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_filter_submit = True
    actions: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "view") or self.may(request, "change")

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may use the actions of these pages: Django's *change* permission."""
        return self.may(request, "change")

    def may(self, request: HttpRequest, verb: str) -> bool:
        permission = f"{self.opts.app_label}.{verb}_{self.opts.model_name}"
        return bool(self.person(request).has_perm(permission))

    @staticmethod
    def person(request: HttpRequest) -> Any:
        """Who is logged in; the site lets nobody else come here."""
        return request.user

    def require(self, request: HttpRequest, verb: str = "change") -> None:
        allowed = self.has_view_permission(request) if verb == "view" else self.may(request, verb)
        if not allowed:
            raise PermissionDenied

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.hidden_fields)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def find(self, object_id: str | int, *related: str) -> Any:
        """The row of that id, or 404; in the platform scope."""
        with platform_scope():
            rows = self.model._default_manager.defer(*self.hidden_fields)
            row = rows.select_related(*related).filter(pk=row_number(object_id)).first()
        if row is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        return row

    def page_url(self, name: str, *args: Any) -> str:
        """Where one of these pages is; ``name`` without the model's part, such as ``change``."""
        place = f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}"
        return reverse(place, args=args)

    def show(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """A page of the site, rendered in the platform scope."""
        with platform_scope():
            whole = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "model_admin": self,
                "title": title,
                "list_url": self.page_url("changelist"),
                "may_act": self.has_act_permission(request),
                **context,
            }
            page = TemplateResponse(request, template, whole)
            page.render()
            return page

    def ask(
        self,
        request: HttpRequest,
        *,
        title: str,
        form: Callable[[Any], forms.Form],
        act: Callable[[dict[str, Any]], str],
        done: str | Callable[[], str],
        template: str = "staff/form.html",
        **context: Any,
    ) -> HttpResponse:
        """Show a form; hand valid input to ``act`` outside any scope, and go to ``done``.

        ``act`` returns the sentence that says what happened. What it refuses stands at the form.
        """
        with platform_scope():
            filled = form(request.POST if request.method == "POST" else None)
            valid = filled.is_valid()
        if valid and self._acted(request, filled, act):
            return HttpResponseRedirect(done() if callable(done) else done)
        return self.show(request, template, title, form=filled, media=filled.media, **context)

    def do(self, request: HttpRequest, act: Callable[[], str], done: str) -> HttpResponseRedirect:
        """Act on a button that was pressed; what is refused becomes a message."""
        if request.method != "POST":
            return HttpResponseRedirect(done)
        try:
            messages.success(request, act())
        except (ConnectorError, ValidationError) as error:
            messages.error(request, " ".join(_sentences(error)))
        return HttpResponseRedirect(done)

    @staticmethod
    def _acted(
        request: HttpRequest, form: forms.Form, act: Callable[[dict[str, Any]], str]
    ) -> bool:
        try:
            messages.success(request, act(form.cleaned_data))
        except (ConnectorError, ValidationError) as error:
            for sentence in _sentences(error):
                form.add_error(None, sentence)
            return False
        return True


def _sentences(error: Exception) -> list[str]:
    return list(error.messages) if isinstance(error, ValidationError) else [str(error)]


def row_number(object_id: str | int) -> int:
    """An id out of an address; 0, which no row has, for anything that is none."""
    text = str(object_id)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
