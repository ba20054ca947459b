"""Plain form fields in the look of the staff pages."""

from collections.abc import Iterable
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

Choices = Iterable[tuple[str, str]]
# Names are stored in so many characters; nobody means more of the others.
_NAME, _SENTENCES, _SECRET = 120, 5000, 5000
_NUMBER = 1_000_000


def text(
    label: str, help_text: str = "", *, required: bool = True, most: int = _NAME, **extra: Any
) -> forms.Field:
    widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=most,
        widget=widget,
        **extra,
    )


def long_text(label: str, help_text: str = "", *, required: bool = True) -> forms.Field:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=_SENTENCES,
        widget=widget,
    )


def secret(label: str, help_text: str = "", *, required: bool = True) -> forms.Field:
    """Write-only: whatever was sent or stored is never put back into the page."""
    widget = UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=_SECRET,
        widget=widget,
        strip=True,
    )


def choice(
    label: str, choices: Choices, help_text: str = "", *, required: bool = True, **extra: Any
) -> forms.Field:
    offered = [*choices] if required else [("", "–"), *choices]
    return forms.ChoiceField(
        label=label,
        choices=offered,
        help_text=help_text,
        required=required,
        widget=UnfoldAdminSelectWidget(),
        **extra,
    )


def several(
    label: str, choices: Choices, help_text: str = "", *, required: bool = True, **extra: Any
) -> forms.Field:
    return forms.MultipleChoiceField(
        label=label,
        choices=[*choices],
        help_text=help_text,
        required=required,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        **extra,
    )


def searched(label: str, choices: Choices, help_text: str = "") -> forms.Field:
    """A choice among many, found by typing."""
    return forms.ChoiceField(
        label=label,
        choices=[("", "Type to search …"), *choices],
        help_text=help_text,
        widget=UnfoldAdminSelect2Widget(attrs={"style": "width: 100%"}),
    )


def yes_no(label: str, help_text: str = "", *, initial: bool = False) -> forms.Field:
    return forms.BooleanField(
        label=label,
        help_text=help_text,
        required=False,
        initial=initial,
        widget=UnfoldBooleanSwitchWidget(),
    )


def number(
    label: str, help_text: str = "", *, least: int = 1, required: bool = True, **extra: Any
) -> forms.Field:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=_NUMBER,
        required=required,
        widget=UnfoldAdminIntegerFieldWidget(),
        **extra,
    )


def day(label: str, help_text: str = "", *, required: bool = False) -> forms.Field:
    widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
    widget.input_type = "date"
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget)
