"""What a person may enter for Procore, where it leads, and how the token is asked for."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.core import clock
from connectors.core.errors import BadInputError, ErrorKind, ProviderError, RetryLater
from connectors.providers.procore.environments import ENVIRONMENTS
from connectors.providers.procore.settings import clean, project_ids
from connectors.providers.procore.spec import SPEC
from connectors.transport.tokens import GrantRefusedError, NewToken
from connectors.transport.wire import Wire

CREDENTIALS = {"client_id": "app", "client_secret": "s3cret"}


@pytest.mark.parametrize(
    ("key", "api", "token"),
    [
        ("production", "https://api.procore.com", "https://login.procore.com"),
        ("sandbox", "https://sandbox.procore.com", "https://login-sandbox.procore.com"),
        (
            "monthly",
            "https://api-monthly.procore.com",
            "https://login-sandbox-monthly.procore.com",
        ),
        ("federal", "https://api.procoregov.com", "https://login.procoregov.com"),
    ],
)
def test_each_environment_has_its_own_hosts(key: str, api: str, token: str) -> None:
    found = SPEC.endpoints(clean({"environment": key}), "")
    assert (found.api, found.token) == (api, f"{token}/oauth/token")
    assert found.allowed == {f"{api}:443"}


def test_the_simulators_addresses_replace_them() -> None:
    found = SPEC.endpoints({"environment": "production"}, "http://127.0.0.1:9/")
    assert found.api == "http://127.0.0.1:9/procore/api"
    assert found.token == "http://127.0.0.1:9/procore/login/oauth/token"
    assert len(ENVIRONMENTS) == 4


def test_pages_of_the_federal_zone_are_not_linked_since_their_host_is_not_published() -> None:
    assert ENVIRONMENTS["federal"].web == ""
    assert ("federal", "Procore for Government") in clean_choices()
    assert ENVIRONMENTS["production"].web == "https://app.procore.com"


def clean_choices() -> tuple[tuple[str, str], ...]:
    """What the form offers as environments."""
    (field,) = [field for field in SPEC.setting_fields if field.name == "environment"]
    return field.choices


@pytest.mark.parametrize("environment", ["", "live", "https://evil.test", None])
def test_another_environment_is_refused(environment: Any) -> None:
    with pytest.raises(BadInputError):
        clean({"environment": environment})
    with pytest.raises(BadInputError):
        SPEC.endpoints({"environment": environment}, "")


@pytest.mark.parametrize("company", ["abc", "1 2", "-1", "1.0", "0", "９", "9" * 20, "1/2"])
def test_a_company_id_consists_of_digits(company: str) -> None:
    with pytest.raises(BadInputError, match="digits"):
        clean({"environment": "sandbox", "company_id": company})


@pytest.mark.parametrize("project", ["abc", "-1", "7"])
def test_a_project_for_trying_is_one_of_those_in_use(project: str) -> None:
    chosen = {"environment": "sandbox", "company_id": "1", "project_ids": "5, 6"}
    with pytest.raises(BadInputError, match="project for trying"):
        clean({**chosen, "try_project": project})
    assert clean({**chosen, "try_project": "6"})["try_project"] == "6"
    assert clean({"environment": "sandbox", "try_project": "7"})["try_project"] == "7"


def test_ids_may_be_longer_than_32_bits() -> None:
    found = clean({"environment": "sandbox", "company_id": " 562949953421312 "})
    assert found["company_id"] == "562949953421312"


def test_projects_are_a_list_of_ids_each_once() -> None:
    found = clean({"environment": "sandbox", "project_ids": " 12, 7 ,12,, "})
    assert found["project_ids"] == "12,7"
    assert project_ids(found) == ["12", "7"]
    assert "project_ids" not in clean({"environment": "sandbox", "project_ids": " , "})
    with pytest.raises(BadInputError, match="'x7'"):
        clean({"environment": "sandbox", "project_ids": "12,x7"})


@pytest.mark.parametrize("name", ["per_hour", "per_10_seconds", "concurrency"])
def test_limits_are_whole_numbers(name: str) -> None:
    assert clean({"environment": "sandbox", name: " 30 "})[name] == 30
    with pytest.raises(BadInputError, match=name):
        clean({"environment": "sandbox", name: "0"})


# --- the token ------------------------------------------------------------------------------------


def asking(answer: httpx.Response | Exception) -> tuple[Callable[[], NewToken], list[Any]]:
    """A grant over a scripted login host, and the requests that reached it."""
    sent: list[Any] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append((str(request.url), json.loads(request.content)))
        if isinstance(answer, Exception):
            raise answer
        return answer

    settings = clean({"environment": "monthly"})
    wire = Wire(httpx.MockTransport(respond))
    return SPEC.grant(wire, CREDENTIALS, settings, SPEC.endpoints(settings, "")), sent


def test_a_token_lives_ninety_minutes_and_is_renewed_well_before() -> None:
    body = {"access_token": "t", "token_type": "bearer", "expires_in": 5400, "created_at": 1}
    ask, sent = asking(httpx.Response(200, json=body))
    token = ask()
    assert token.access_token == "t"
    left = token.expires_at - clock.now()
    assert timedelta(minutes=89) < left <= timedelta(minutes=90) == SPEC.token_life
    assert SPEC.token_margin >= timedelta(minutes=10)
    assert sent == [
        (
            "https://login-sandbox-monthly.procore.com/oauth/token",
            {"grant_type": "client_credentials", **CREDENTIALS},
        )
    ]


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        (5_400_000, 90),
        ("5400000", 90),
        (3_600_000, 60),
        (3600, 60),
        (10_800, 90),
        (None, 90),
        (-5, 90),
        (0, 90),
        (1e300, 90),
        ("soon", 90),
        ({}, 90),
        (5400.5, 90),
    ],
)
def test_a_life_in_thousandths_or_an_odd_one_is_renewed_in_time_all_the_same(
    said: Any, minutes: int
) -> None:
    ask, _ = asking(httpx.Response(200, json={"access_token": "t", "expires_in": said}))
    left = ask().expires_at - clock.now()
    assert timedelta(minutes=minutes - 1) < left <= timedelta(minutes=minutes)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_are_explained(status: int) -> None:
    body = {"error": "invalid_client", "error_description": "Client authentication failed."}
    ask, _ = asking(httpx.Response(status, json=body))
    with pytest.raises(GrantRefusedError) as caught:
        ask()
    assert "Client authentication failed." in str(caught.value)
    assert "Monthly sandbox" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404, json={}), ErrorKind.CONFIGURATION),
        (httpx.Response(302, text=""), ErrorKind.CONFIGURATION),
        (httpx.Response(200, json={}), ErrorKind.TRANSIENT),
        (httpx.Response(200, text="<html>"), ErrorKind.TRANSIENT),
        (httpx.Response(503, text=""), ErrorKind.TRANSIENT),
        (httpx.ReadTimeout("slow"), ErrorKind.TRANSIENT),
    ],
)
def test_no_token_and_no_refusal(answer: httpx.Response | Exception, kind: ErrorKind) -> None:
    ask, _ = asking(answer)
    with pytest.raises(ProviderError) as caught:
        ask()
    assert caught.value.kind is kind


def test_too_many_token_requests_wait() -> None:
    ask, _ = asking(httpx.Response(429, json={}, headers={"Retry-After": "30"}))
    with pytest.raises(RetryLater) as caught:
        ask()
    assert 25 < (caught.value.at - clock.now()).total_seconds() <= 30
