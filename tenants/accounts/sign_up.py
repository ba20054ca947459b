"""The form by which a stranger makes an account."""

from allauth.account.forms import SignupForm
from django import forms


class SignUpForm(SignupForm):
    """Name, address and password. A code that is sent to the address finishes it."""

    name = forms.CharField(
        max_length=150, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ("name", "email", "password1")
