"""Text that leaves this machine is named before it does, and a person says yes."""

from __future__ import annotations

import ipaddress
import sys
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import click

from ..errors import LmnError
from ..terminal import echo, safe


def host_of(address: str) -> str:
    """Return the host of a server's address."""
    return urlsplit(address).hostname or address


def stays_here(address: str) -> bool:
    """Return whether a server's address is one of this machine's own (loopback)."""
    host = host_of(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy_of(address: str) -> str | None:
    """Return the address of the proxy that the environment names for a server; None for none."""
    found = getproxies()
    proxy = found.get(urlsplit(address).scheme) or found.get("all")
    return proxy if proxy and not proxy_bypass(host_of(address)) else None


def ask_to_send(address: str, what: str, *, yes: bool) -> None:
    """Name the text that would go to a server, and go on only with a yes; a server on this machine needs none.

    Args:
        address: Address of the server.
        what: Text that would be sent, in words.
        yes: Whether the user has said yes on the command line.

    Raises:
        LmnError: The user says no, or there is no terminal to ask on.
    """
    host, proxy = host_of(address), _proxy_of(address)
    if proxy:
        what += f", through the proxy {host_of(proxy)}"
    if stays_here(address) and not (proxy and not stays_here(proxy)):
        echo(f"to be sent to {host}, this machine: {what}", err=True)
        return
    echo(f"to be sent to {host}, another machine: {what}", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise LmnError("nothing is sent without a yes, and there is no terminal to ask on", host, "add --yes to say it")
    if not click.confirm(safe(f"Send it to {host}?"), err=True):
        raise LmnError("nothing was sent", host)
