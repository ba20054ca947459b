"""Forms of the channels for alerts: where they go, what they tell of, and how often."""

from typing import Any

from django import forms

from connectors.models import AlertChannel, Topic
from connectors.services.alert_channels import Choice
from connectors.transport.egress import LONGEST_URL
from tenants.models import Member

_HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
_URL_HELP = {
    AlertChannel.Kind.SLACK: "In Slack: Apps, Incoming Webhooks, Add to Slack, choose a channel, "
    "copy the webhook URL. Mattermost and others that take Slack's messages work as well.",
    AlertChannel.Kind.WEBHOOK: "An https address on the internet that takes POST requests. They "
    "are signed as Standard Webhooks describes it.",
}


class ChoiceForm(forms.Form):
    """What is told, and how often."""

    topics = forms.MultipleChoiceField(
        label="Tell of",
        choices=Topic.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    pace = forms.ChoiceField(
        label="How often", choices=AlertChannel.Pace.choices, widget=forms.RadioSelect
    )
    hour = forms.TypedChoiceField(
        label="Daily at",
        choices=_HOURS,
        coerce=int,
        help_text="For “Once a day”, in the time zone of the workspace.",
    )

    def __init__(self, data: Any, *, channel: AlertChannel | None = None) -> None:
        super().__init__(data)
        shown = channel or AlertChannel()
        for name in ("topics", "pace", "hour"):
            self.fields[name].initial = getattr(shown, name)

    @property
    def choice(self) -> Choice:
        given = self.cleaned_data
        return Choice(topics=given["topics"], pace=given["pace"], hour=given["hour"])


class WebhookForm(ChoiceForm):
    """A channel to a webhook. The address is never shown again: empty keeps what is stored."""

    field_order = ("name", "url")
    name = forms.CharField(label="Name", max_length=80, help_text="For example “#accounting”.")
    url = forms.CharField(
        label="Address",
        max_length=LONGEST_URL,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any, *, kind: str, channel: AlertChannel | None = None) -> None:
        super().__init__(data, channel=channel)
        help_text = _URL_HELP[AlertChannel.Kind(kind)]
        self.fields["url"].help_text = help_text
        if channel is not None:
            self.fields["name"].initial = channel.name
            self.fields["url"].required = False
            self.fields["url"].help_text = f"Leave empty to keep the one at {channel.host}."


class MailForm(ChoiceForm):
    """A channel by mail to one of the members."""

    field_order = ("member",)
    member = forms.TypedChoiceField(label="Member", coerce=int)

    def __init__(self, data: Any, *, members: list[Member]) -> None:
        super().__init__(data)
        field = self.fields["member"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the checker of types
        field.choices = [(row.user_id, row.user.email) for row in members]


class OwnForm(ChoiceForm):
    """What mail a member gets, by the member."""

    field_order = ("wanted",)
    wanted = forms.TypedChoiceField(
        label="Your mail",
        choices=[("yes", "Send me what I choose below"), ("no", "Send me none")],
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
    )

    def __init__(self, data: Any, *, channel: AlertChannel | None) -> None:
        super().__init__(data, channel=channel)
        self.fields["wanted"].initial = "no" if channel and not channel.enabled else "yes"
