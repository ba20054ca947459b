"""What every test may ask for: a database that the owner role made, and the simulators.

Tests run as the app role, as the service does; only creating and migrating the database is the
owner's work.
"""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test.utils import teardown_databases
from pytest_django import DjangoDbBlocker

from tenants.roles import as_owner
from tests import databases, quick_flush
from tests.sandbox_process import SandboxProcess

SPECS = "ZOHO_BOOKS_SPECS"


# What connects a company: each worker that needs it connects it once, which takes seconds.
CONNECTING = {"connected", "builder", "new"}


@pytest.hookimpl(tryfirst=True)  # before the marks are read
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests of one file that connect the same companies on one worker, and leave out what
    needs files that nobody has named; the end of the run says so once.
    """
    for item in items:
        if CONNECTING.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    if os.environ.get(SPECS):
        return
    left_out = [item for item in items if item.get_closest_marker("zoho_specs")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not os.environ.get(SPECS):
        terminalreporter.write_line(
            f"Nothing was compared with Zoho's OpenAPI files: name their folder in {SPECS}."
        )


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_keepdb: bool,
    django_db_createdb: bool,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """As pytest-django's own fixture, but in the owner role."""
    quick_flush.install()
    keep = django_db_keepdb and not django_db_createdb
    verbosity = request.config.option.verbose
    with django_db_blocker.unblock(), as_owner():
        config = databases.set_up(verbosity=verbosity, keep=keep)
    yield
    quick_flush.close()
    if not django_db_keepdb:
        with django_db_blocker.unblock(), as_owner():
            teardown_databases(config, verbosity)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """The simulators at settings.SANDBOX_URL, started once, when the first test asks."""
    process = SandboxProcess(settings.SANDBOX_URL)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The simulators' control door: `.url`, `.get(path)`, `.post(path, {...})`, `.delete(path)`."""
    return sandbox_process
