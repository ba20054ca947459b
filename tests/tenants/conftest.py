"""Tests of scopes commit for real: inside one big transaction a leaking scope would look right."""

from tests.people import people as people
