"""What every provider and every flow must keep to, generated over whatever is registered.

A new provider or flow needs nothing here. No network and no database: what these say of themselves
is all that engine, pages and doors ever see of them.
"""

import re
from typing import Any

import pytest

from connectors import registry
from connectors.admin.connection_forms import ProviderForm
from connectors.admin.integration_forms import IntegrationForm
from connectors.core.errors import BadInputError, ErrorKind, UnknownOutcomeError
from connectors.core.flow import SOURCE, TARGET, Flow
from connectors.models import Connection
from connectors.services import integrations
from connectors.transport.provider import ProviderSpec
from connectors.transport.webhooks import Delivery, RefusedDeliveryError
from connectors.transport.wire import Reply, origin

SANDBOX = "http://127.0.0.1:8099"
SECRETIVE = re.compile(r"secret|token|password|code$")
every_provider = pytest.mark.parametrize("spec", registry.PROVIDERS, ids=lambda spec: spec.key)
every_sender = pytest.mark.parametrize(
    "spec", [spec for spec in registry.PROVIDERS if spec.webhooks], ids=lambda spec: spec.key
)
every_flow = pytest.mark.parametrize("flow", registry.FLOWS, ids=lambda flow: flow.key)


def sample_settings(spec: ProviderSpec) -> dict[str, Any]:
    """What a person might type into the required fields."""
    given = {
        field.name: field.choices[0][0] if field.choices else "601"
        for field in spec.setting_fields
        if field.required
    }
    return spec.clean(given)


# --- providers ------------------------------------------------------------------------------------


@every_provider
def test_a_provider_is_the_package_of_its_key(spec: ProviderSpec) -> None:
    assert registry.provider(spec.key) is spec
    assert spec.open.__module__.startswith(f"connectors.providers.{spec.key}.")
    assert sum(other.key == spec.key for other in registry.PROVIDERS) == 1


@every_provider
def test_it_names_the_settings_that_say_whose_account_it_is(spec: ProviderSpec) -> None:
    assert spec.identity
    assert set(spec.identity) <= {field.name for field in spec.setting_fields}


@every_provider
def test_its_form_asks_for_all_that_it_needs_and_hides_secrets(spec: ProviderSpec) -> None:
    wanted = [*spec.credential_fields, *spec.setting_fields]
    shown = [
        field.label for section in ProviderForm(None, spec=spec).sections()
        for field in section["fields"]
    ]  # fmt: skip
    assert sorted(shown) == sorted(field.label for field in wanted)
    assert all(shown)
    open_secrets = [f.name for f in wanted if SECRETIVE.search(f.name) and not f.secret]
    assert open_secrets == []


@every_provider
def test_what_is_missing_is_named(spec: ProviderSpec) -> None:
    for field in spec.setting_fields:
        if not field.required:
            continue
        given = {name: v for name, v in sample_settings(spec).items() if name != field.name}
        with pytest.raises(BadInputError, match=re.escape(field.label)):
            spec.clean(given)


@every_provider
def test_cleaning_twice_changes_nothing(spec: ProviderSpec) -> None:
    cleaned = sample_settings(spec)
    assert spec.clean(cleaned) == cleaned


@every_provider
def test_its_calls_go_to_its_hosts_or_to_the_sandbox(spec: ProviderSpec) -> None:
    settings = sample_settings(spec)
    real = spec.endpoints(settings, "")
    assert origin(real.api).startswith("https://")
    assert origin(real.token).startswith("https://")
    pretended = spec.endpoints(settings, SANDBOX)
    assert {origin(pretended.api), origin(pretended.token)} == {SANDBOX}
    assert pretended.allowed == {SANDBOX}


@every_provider
def test_its_limits_are_limits(spec: ProviderSpec) -> None:
    settings = sample_settings(spec)
    limits = spec.limits(settings, {})
    assert limits.per_minute > 0
    assert limits.concurrency > 0
    assert limits.per_day is None or limits.per_day > 0
    assert spec.quota_subject(settings).startswith(spec.key.partition("_")[0])
    assert spec.token_margin < spec.token_life


@every_provider
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 408, 429, 500, 503])
def test_its_errors_say_what_to_do(spec: ProviderSpec, status: int, write: bool) -> None:
    reply = Reply(status=status, headers={}, body={}, readable=True, seconds=0.1)
    error = spec.dialect.errors.failed(reply, write=write)
    assert error is not None
    assert error.facts.provider == spec.key
    assert error.facts.hint
    if write and status in (301, 408, 500, 503):
        assert isinstance(error, UnknownOutcomeError), "it may have been written"
    if status == 429:
        assert error.kind is ErrorKind.RATE_LIMITED
        assert error.facts.retry_at is not None


@every_sender
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff\xfe", b'{"id": 1}'])
def test_it_takes_no_delivery_without_proof(spec: ProviderSpec, body: bytes) -> None:
    assert spec.webhooks is not None
    delivery = Delivery(query=[], headers={}, content_type="application/json", body=body)
    with pytest.raises(RefusedDeliveryError):
        spec.webhooks.read(delivery, "the secret of the endpoint", sample_settings(spec))


@every_sender
def test_its_hooks_are_made_by_somebody(spec: ProviderSpec) -> None:
    assert spec.webhooks is not None
    by_us = spec.webhooks.ensure is not None and spec.webhooks.remove is not None
    assert by_us or spec.webhooks.instructions


# --- flows ----------------------------------------------------------------------------------------


@every_flow
def test_a_flow_joins_registered_providers(flow: Flow) -> None:
    resolved = registry.resolve(flow.key)
    assert resolved.flow is flow
    assert (resolved.source.key, resolved.target.key) == (flow.source, flow.target)
    assert flow.decide.__module__.startswith(f"connectors.flows.{flow.key}.")


@every_flow
def test_its_streams_can_be_told_apart(flow: Flow) -> None:
    names = [stream.name for stream in flow.streams]
    assert names
    assert len(set(names)) == len(names)
    words = [stream.resource for stream in flow.streams if stream.resource]
    assert len(set(words)) == len(words)
    for stream in flow.streams:
        assert flow.stream(stream.name) is stream
        if stream.upkeep is not None:
            continue
        assert stream.listings
        assert stream.sweep, "what was deleted is found by a full sweep"


@every_flow
def test_what_it_keeps_up_is_cached_of_both_sides_and_written_to_the_other(flow: Flow) -> None:
    cached = {(reference.side, reference.kind) for reference in flow.references}
    for stream in flow.streams:
        if stream.upkeep is None:
            continue
        assert (*stream.listings, *stream.sweep, *stream.resource) == ()
        assert {(SOURCE, stream.upkeep.kind), (TARGET, stream.upkeep.kind)} <= cached
        assert stream.upkeep.kind in flow.mapping_kinds
        assert flow.differences is not None, "what is changed there must be noticed"
        assert stream.owner == SOURCE or flow.source_sink is not None


@every_flow
def test_a_record_that_cannot_be_read_is_said_to_be(flow: Flow) -> None:
    """Such a document is held with these words; any other exception would be a mistake of ours."""
    for stream in flow.streams:
        with pytest.raises(BadInputError):
            stream.parse({})
        if stream.upkeep is not None:
            with pytest.raises(BadInputError):
                stream.read(None, "1", "")


@every_flow
def test_what_is_mapped_is_read_from_the_target(flow: Flow) -> None:
    read = {reference.kind for reference in flow.references if reference.side == TARGET}
    assert flow.mapping_kinds.keys() <= read
    assert {reference.side for reference in flow.references} <= {SOURCE, TARGET}


@every_flow
def test_it_speaks_of_the_kinds_that_it_makes(flow: Flow) -> None:
    kinds = {stream.target_kind for stream in flow.streams}
    assert flow.refuses_second <= kinds
    assert set(flow.watched.values()) <= kinds
    assert {index.kind for index in flow.indexes} <= kinds
    assert not flow.watched or flow.differences is not None


@every_flow
def test_it_listens_only_where_somebody_speaks(flow: Flow) -> None:
    resolved = registry.resolve(flow.key)
    if any(stream.resource for stream in flow.streams):
        assert resolved.listens(SOURCE)
    if flow.watched:
        assert resolved.listens(TARGET)


@every_flow
def test_its_form_shows_its_options_and_takes_their_defaults(flow: Flow) -> None:
    resolved = registry.resolve(flow.key)
    defaults = flow.default_options()
    assert integrations.check_options(resolved, defaults) == defaults
    form = IntegrationForm(None, resolved=resolved)
    [shown] = [section["fields"] for section in form.sections() if section["title"] == "Options"]
    assert [field.label for field in shown] == [option.label for option in flow.options]
    assert [field.value() for field in shown] == list(defaults.values())


@every_flow
def test_its_schedule_has_a_price(flow: Flow) -> None:
    resolved = registry.resolve(flow.key)
    source = Connection(provider=flow.source, settings=sample_settings(resolved.source))
    found = integrations.forecast(resolved, source, interval_minutes=15)
    assert found.runs_per_day == 96
    lists = [ref for ref in flow.references if ref.side == SOURCE]
    assert len(lists) <= found.list_calls <= 96 * len(lists)
    polls = 96 * sum(len(stream.listings) for stream in flow.streams)
    assert found.calls_per_day == polls + found.list_calls
