"""Which addresses are public: nothing of ours, nothing reserved, nothing that hides another one."""

import pytest

from connectors.transport.public_addresses import is_loopback, is_public

NOT_PUBLIC = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254"),  # noqa: S104
    *("127.0.0.1", "127.1.2.3", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8"),
    *("192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.255", "100.100.100.200", "192.175.48.1"),
    *("::", "::1", "::127.0.0.1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b:1::1", "100::1", "fc00::1", "fd12::1"),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:0:53aa:64c::1"),
    *("2001:db8::1", "2001:10::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "5f00::1"),
    *("2620:4f:8000::1", "2606:4700::1%1", "4000::1", "1000::1"),
    *("", "localhost", "8.8.8", "8.8.8.8.", "08.8.8.8", "0x8.8.8.8", "134744072", " 8.8.8.8"),
    *("8.8.8.8/32", "[2606:4700::1]", "８.8.8.8"),
)
PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
    *("192.0.1.1", "198.17.0.1", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450::1"),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_hosts_are_reached(address: str) -> None:
    assert is_public(address)


def test_this_machine_is_known_by_each_of_its_addresses() -> None:
    assert all(is_loopback(one) for one in ("127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_loopback(one) for one in ("8.8.8.8", "localhost", "::ffff:8.8.8.8", ""))
