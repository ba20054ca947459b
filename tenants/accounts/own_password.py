"""Changing one's own password, with the limits of signing in.

Else whoever holds a stolen session could guess here for as long as they like.
"""

from allauth.core import context
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from unfold.forms import AdminOwnPasswordChangeForm

from tenants.accounts.sign_in import counted


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Django's form behind the count of tries; a wrong password is told as at the sign-in."""

    def clean_old_password(self) -> str:
        request, email = context.request, self.user.email
        with counted(request, email):
            try:
                return str(super().clean_old_password())
            except ValidationError:
                tried = {"username": email}
                user_login_failed.send(sender=__name__, credentials=tried, request=request)
                raise
