"""Which addresses something of ours may be sent to: those of the public internet, and no others. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

#: What Python takes for public, and is not: protocol assignments, the relays of 6to4, a cloud's own services.
_NOT_PUBLIC = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
#: IPv6 that is given out to hosts. All else is refused: loopback, link-local, multicast, mapped, NAT64.
_GIVEN_OUT = IPv6Network("2000::/3")
#: Of these, what is for documentation, or holds an IPv4 address inside: Teredo and its neighbours, 6to4.
_NOT_GIVEN_OUT = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

LONGEST = 2000


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver writes it, is one that anybody may be reached at."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in net for net in _NOT_PUBLIC)
    return ip in _GIVEN_OUT and not any(ip in net for net in _NOT_GIVEN_OUT)


def split(url: str, *, private: bool) -> SplitResult:
    """The parts of an address that may be used, its host in ASCII; raises ValueError with a sentence.

    `private` also allows plain http.
    """
    if len(url) > LONGEST or any(character <= " " for character in url):
        raise ValueError("It is too long, or has a space in it.")
    parts = urlsplit(url)
    if parts.scheme not in ({"https", "http"} if private else {"https"}):
        raise ValueError("It must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("It may not hold a user name or password.")
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError:
        host = ""
    if not host:
        raise ValueError("It has no host name that can be looked up.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts._replace(netloc=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
