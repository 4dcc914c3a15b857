"""Where webhooks and pushes may go: public addresses only, however they are written."""

from __future__ import annotations

import pytest

from leads import addresses

PUBLIC = """
93.184.216.34  8.8.8.8  1.1.1.1  172.15.255.255  172.32.0.1  192.167.255.255  192.169.0.1  223.255.255.254
2606:4700:4700::1111  2a00:1450:4001:81b::200e  2001:4860:4860::8888  2400:cb00:2048:1::6814:155
"""
#: This machine, networks behind it, what clouds answer themselves, and IPv4 hidden in IPv6.
NOT_PUBLIC = """
0.0.0.0  0.1.2.3  10.0.0.1  10.255.255.255  100.64.0.1  100.100.100.200  127.0.0.1  127.255.255.254
169.254.169.254  172.16.0.1  172.31.255.255  192.0.0.1  192.0.0.192  192.0.2.1  192.88.99.1  192.168.0.1
168.63.129.16  198.18.0.1  198.51.100.1  203.0.113.1  224.0.0.1  239.255.255.255  240.0.0.1  255.255.255.255
::  ::1  ::127.0.0.1  ::ffff:127.0.0.1  ::ffff:169.254.169.254  ::ffff:8.8.8.8  64:ff9b::7f00:1  64:ff9b::808:808
64:ff9b:1::1  100::1  2001::1  2001:0:4136:e378:8000:63bf:3fff:fdd2  2001:10::1  2001:db8::1  2002:7f00:1::
2002:808:808::1  3fff::1  5f00::1  fc00::1  fd00:ec2::254  fe80::1  fe80::1%eth0  fec0::1  ff02::1
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_addresses_anybody_may_be_reached_at(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_that_are_nobodys_business(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize(
    ("url", "private", "netloc"),
    [
        ("https://hooks.example/x", False, "hooks.example:443"),
        ("https://hooks.example:8443/x?y=1", False, "hooks.example:8443"),
        ("https://bücher.example/", False, "xn--bcher-kva.example:443"),
        ("https://①②⑦.0.0.1/", False, "127.0.0.1:443"),
        ("https://[2606:4700::1]/", False, "[2606:4700::1]:443"),
        ("http://127.0.0.1:8000/", True, "127.0.0.1:8000"),
    ],
)
def test_an_address_is_taken_apart_as_it_will_be_looked_up(url: str, private: bool, netloc: str) -> None:
    assert addresses.split(url, private=private).netloc == netloc


@pytest.mark.parametrize(
    ("url", "private", "sentence"),
    [
        ("http://hooks.example/", False, "https://"),
        ("ftp://hooks.example/", True, "https://"),
        ("hooks.example", False, "https://"),
        ("file:///etc/passwd", True, "https://"),
        ("https://user:secret@hooks.example/", False, "user name"),
        ("https://user@hooks.example/", True, "user name"),
        ("https:///path", False, "host name"),
        (f"https://{'a' * 70}.example/", False, "host name"),
        ("https://hooks.example/a b", False, "space"),
        ("https://hooks.example/\r\nHost: other", False, "space"),
        (f"https://hooks.example/{'a' * 2000}", False, "too long"),
        ("https://hooks.example:99999/", False, "Port"),
    ],
)
def test_an_address_that_is_none_says_why(url: str, private: bool, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        addresses.split(url, private=private)
