"""Addresses and networks, compared as IPv6 with IPv4 where IPv6 maps it (RFC 4291, section 2.5.5.2)."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

_LONGEST_ADDRESS = 45
_MAPPED = 0xFFFF << 32
_form = re.compile(r"([^/]*)(?:/(0|[1-9][0-9]{0,2}))?")


class Network(NamedTuple):
    """A network, or a single address."""

    #: What its addresses have in common, as a number.
    first: int
    #: How many of the last bits of 128 do not count.
    loose: int


@lru_cache(maxsize=4096)
def read_address(text: str) -> int | None:
    """Reads an address, without a zone, as a number of 128 bits; None for anything else."""
    if len(text) > _LONGEST_ADDRESS or "%" in text:
        return None
    try:
        return int(IPv6Address(text)) if ":" in text else _MAPPED | int(IPv4Address(text))
    except AddressValueError:
        return None


def is_address(text: object) -> bool:
    """Tells whether something is an address, without a zone."""
    return isinstance(text, str) and read_address(text) is not None


def read_network(text: object) -> Network | None:
    """Reads an address or a network; None for anything else, and if bits are set behind its length."""
    if not isinstance(text, str):
        return None
    match = _form.fullmatch(text)
    address = None if match is None else read_address(match[1])
    if match is None or address is None:
        return None
    bits = 128 if match[2] is None else int(match[2]) + (0 if ":" in match[1] else 96)
    if bits > 128 or address & ((1 << (128 - bits)) - 1):
        return None
    return Network(address, 128 - bits)


def is_within(networks: tuple[Network, ...], ip: str | None) -> bool:
    """Tells whether an address is in one of the networks. A wider network than IPv4's place holds none of IPv4."""
    address = None if ip is None else read_address(ip)
    if address is None:
        return False
    is_mapped = address >> 32 == 0xFFFF
    return any((address >> loose) == (first >> loose) and not (is_mapped and loose > 32) for first, loose in networks)
