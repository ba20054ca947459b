"""Forms of connections, made from what a provider says of its credentials and settings.

Secrets go in and never come back: their inputs are always empty, and empty keeps what is stored.
"""

from collections.abc import Mapping
from typing import Any

from django import forms

from connectors.models import Connection
from connectors.transport.provider import Field, ProviderSpec
from tenants.models import Tenant
from tenants.staff import forms as fields

_CREDENTIAL = "credential_"
_SETTING = "setting_"
_KEEP = "Leave empty to keep what is stored."


class ProviderForm(forms.Form):
    """Credentials and settings of one provider. ``connection`` is None for a new one."""

    def __init__(
        self, data: Any, *, spec: ProviderSpec, connection: Connection | None = None
    ) -> None:
        super().__init__(data)
        self.spec = spec
        self.connection = connection
        stored = connection.settings if connection else {}
        profile = connection.profile if connection else {}
        for field in spec.credential_fields:
            self.fields[_CREDENTIAL + field.name] = self._credential(field)
        for field in spec.setting_fields:
            self.fields[_SETTING + field.name] = _setting(
                field, stored.get(field.name, ""), profile
            )

    def _credential(self, field: Field) -> forms.Field:
        required = field.required and self.connection is None
        help_text = f"{field.help} {_KEEP}".strip() if self.connection else field.help
        make = fields.secret if field.secret else fields.text
        return make(field.label, help_text, required=required)

    @property
    def credentials(self) -> dict[str, str]:
        return self._given(_CREDENTIAL)

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored, with what was typed over it; an emptied field is taken out."""
        stored = self.connection.settings if self.connection else {}
        return {**stored, **self._given(_SETTING)}

    def _given(self, prefix: str) -> dict[str, str]:
        return {
            name.removeprefix(prefix): ", ".join(value) if isinstance(value, list) else value
            for name, value in self.cleaned_data.items()
            if name.startswith(prefix)
        }

    def bound(self, prefix: str, wanted: tuple[Field, ...], *, required: bool) -> list[Any]:
        return [
            self[prefix + field.name]
            for field in wanted
            if (field.required or field.usual) is required
        ]

    def sections(self) -> list[dict[str, Any]]:
        """The fields in groups, what nobody has to fill in folded away."""
        spec = self.spec
        own = [self[name] for name in ("tenant", "name") if name in self.fields]
        needed = [
            *self.bound(_CREDENTIAL, spec.credential_fields, required=True),
            *self.bound(_SETTING, spec.setting_fields, required=True),
        ]
        more = [
            *self.bound(_SETTING, spec.setting_fields, required=False),
            *self.bound(_CREDENTIAL, spec.credential_fields, required=False),
        ]
        folded = not any(field.errors for field in more)
        return [
            {"title": spec.title, "fields": [*own, *needed]},
            {"title": "More settings", "fields": more, "folded": folded},
        ]


class NewConnectionForm(ProviderForm):
    """A connection that is not there yet: whose it is, and what it is called."""

    tenant = forms.ModelChoiceField(
        Tenant.objects.none(), widget=fields.searched("", []).widget, label="Tenant"
    )
    name = fields.text("Name", "What people call it, for example “Zoho Books, Main Street”.")

    def __init__(self, data: Any, *, spec: ProviderSpec, initial: Mapping[str, Any]) -> None:
        super().__init__(data, spec=spec)
        tenant: Any = self.fields["tenant"]
        tenant.queryset = Tenant.objects.all()
        self.initial.update(initial)


class PasteForm(forms.Form):
    """A code that a person copied from the provider's console."""

    code = fields.secret("Code", "It works once, and for a few minutes only.")


class OfferForm(forms.Form):
    """One of the organisations or companies that we are let into."""

    def __init__(
        self, data: Any, *, offers: list[tuple[str, str]], chosen: str, label: str
    ) -> None:
        super().__init__(data)
        self.fields["offer"] = fields.choice(label, offers, initial=chosen)


def _setting(field: Field, stored: Any, profile: Mapping[str, Any]) -> forms.Field:
    chosen = [text.strip() for text in str(stored or "").split(",") if text.strip()]
    named = _offered(field, chosen, profile)
    if named and field.several:
        return fields.several(
            field.label, named, field.help, required=field.required, initial=chosen
        )
    if named:
        return fields.choice(
            field.label, named, field.help, required=field.required, initial=stored
        )
    if field.choices:
        return fields.choice(
            field.label, field.choices, field.help, required=field.required, initial=stored
        )
    return fields.text(field.label, field.help, required=field.required, most=1000, initial=stored)


def _offered(field: Field, chosen: list[str], profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the last test has read to choose from; what is chosen stays there to be taken off."""
    rows = profile.get(field.offered) if field.offered else None
    if not rows:
        return []
    found = {str(row["id"]): f"{row['name']} ({row['id']})" for row in rows}
    gone = {value: f"{value}, which the test did not find" for value in chosen}
    return list({**gone, **found}.items())
