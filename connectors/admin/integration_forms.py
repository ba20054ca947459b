"""Forms of integrations: two connections, a schedule, and the flow's own options."""

from typing import Any

from django import forms

from connectors.core.flow import Option
from connectors.engine.job import Resolved
from connectors.models import Connection, Integration
from tenants.models import Tenant
from tenants.staff import forms as fields

_OPTION = "option_"


class IntegrationForm(forms.Form):
    """Name, schedule and options. ``integration`` is None for a new one."""

    name = fields.text("Name", "What people call it, for example “Main Street purchasing”.")
    interval_minutes = fields.number("Every … minutes", "How often the source is asked for news.")
    cron = fields.text(
        "Or at certain times",
        "A cron expression in the tenant's time zone, for example 30 6 * * 1-5; it takes the place "
        "of the minutes.",
        required=False,
    )
    history_start = fields.day(
        "Records since",
        "Older records of the source are left alone. Moving it back reads again from there.",
    )

    def __init__(
        self, data: Any, *, resolved: Resolved, integration: Integration | None = None
    ) -> None:
        super().__init__(data)
        self.resolved = resolved
        self.initial = {"interval_minutes": 15}
        stored = {**resolved.flow.default_options()}
        if integration is not None:
            self.initial = {name: getattr(integration, name) for name in self.fields}
            stored |= integration.options
        for option in resolved.flow.options:
            self.fields[_OPTION + option.name] = _option_field(option, stored[option.name])

    @property
    def options(self) -> dict[str, Any]:
        """What was chosen; a choice that a form leaves out stays as it is."""
        given = {}
        for option in self.resolved.flow.options:
            value, name = self.cleaned_data[_OPTION + option.name], _OPTION + option.name
            left_out = value == "" and option.choices and "" not in dict(option.choices)
            given[option.name] = self.fields[name].initial if left_out else value
        return given

    @property
    def schedule(self) -> dict[str, Any]:
        names = ("name", "interval_minutes", "cron", "history_start")
        return {name: self.cleaned_data[name] for name in names}

    def sections(self) -> list[dict[str, Any]]:
        sides = [self[name] for name in ("source", "target") if name in self.fields]
        options = [self[_OPTION + option.name] for option in self.resolved.flow.options]
        return [
            {"title": self.resolved.flow.title, "fields": [self["name"], *sides]},
            {
                "title": "Schedule",
                "fields": [self["interval_minutes"], self["cron"], self["history_start"]],
                "forecast": True,
            },
            {"title": "Options", "fields": options},
        ]


class NewIntegrationForm(IntegrationForm):
    """An integration that is not there yet: with the two connections that it joins, and from which
    day on it posts.
    """

    history_start = fields.day(
        "Post records since",
        "Records that have not changed since this day are left alone: they are neither posted nor "
        "compared, and what takes from them waits for a person. Choose the first day of the period "
        "that this integration is to keep; it can be moved back later.",
        required=True,
    )

    def __init__(self, data: Any, *, resolved: Resolved, tenant: Tenant) -> None:
        super().__init__(data, resolved=resolved)
        for side, spec in (("source", resolved.source), ("target", resolved.target)):
            offered = Connection.objects.filter(tenant=tenant, provider=spec.key)
            self.fields[side] = forms.ModelChoiceField(
                offered.defer("sealed_credentials"),
                label=f"{spec.title} connection",
                widget=fields.choice("", []).widget,
                help_text=f"The {side}. Add a connection first if none is offered.",
                empty_label=None if data is None and offered.count() == 1 else "–",
            )

    def is_complete(self) -> bool:
        """Whether the tenant has a connection for both sides."""
        sides: list[Any] = [self.fields["source"], self.fields["target"]]
        return all(side.queryset.exists() for side in sides)


def _option_field(option: Option, stored: Any) -> forms.Field:
    """The input of one option; its kind is ``bool``, ``choice``, ``number`` or ``text``."""
    if option.kind == "bool":
        return fields.yes_no(option.label, option.help, initial=bool(stored))
    if option.kind == "choice":
        chosen = fields.choice(option.label, option.choices, option.help, initial=stored)
        chosen.required = False
        return chosen
    if option.kind == "number":
        return fields.number(option.label, option.help, least=0, initial=stored)
    return fields.text(option.label, option.help, required=False, most=1000, initial=stored)
