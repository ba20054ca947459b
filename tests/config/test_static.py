"""Static files come from this process: as they lie with DEBUG, collected without it."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings

SHEET = "unfold/fonts/inter/styles.css"


def test_a_style_sheet_is_served(client: Client) -> None:
    answer = client.get(f"{settings.STATIC_URL}{SHEET}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert b"".join(answer).strip()


def test_a_collected_style_sheet_is_served_without_debug(tmp_path: Path, client: Client) -> None:
    production = override_settings(
        DEBUG=False, STATIC_ROOT=str(tmp_path), WHITENOISE_USE_FINDERS=False
    )
    with production:
        call_command("collectstatic", interactive=False, verbosity=0)
        answer = client.get(f"{settings.STATIC_URL}{SHEET}")
        assert answer.status_code == 200
        assert b"".join(answer).strip()
        assert client.get(f"{settings.STATIC_URL}no-such-file.css").status_code == 404
