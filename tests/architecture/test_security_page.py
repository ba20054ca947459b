"""`docs/security.md` names tests that exist."""

import re

import pytest

from tests.architecture.source import PROJECT

NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", (PROJECT / "docs/security.md").read_text())))


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 15


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_exists(named: str) -> None:
    path, _, function = named.partition("::")
    source = (PROJECT / path).read_text()
    assert not function or f"def {function}(" in source
