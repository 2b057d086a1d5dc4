"""Where a request comes from. For limits only: an address tells nobody who acts."""

from ipaddress import IPv6Network, ip_address

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

UNKNOWN = "unknown"
IPV6_PREFIX = 64


def client_network(request: HttpRequest) -> str:
    """The client's address, read as for sign-ins (TRUSTED_PROXIES); of IPv6 the network that one household has."""
    try:
        address = ip_address(get_adapter().get_client_ip(request))
    except (ValueError, PermissionDenied, ImproperlyConfigured):
        return UNKNOWN
    if address.version == 4:
        return str(address)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False).network_address)
