"""Whom the builder's own requests trust: the public authorities, and the cluster's."""

import ssl

import httpx

from falapp_builder.pod.places import Places


def context(places: Places) -> ssl.SSLContext:
    """Return what httpx verifies servers with."""
    found = httpx.create_ssl_context()
    found.load_default_certs()
    if places.authority.exists():
        found.load_verify_locations(cafile=places.authority)
    return found
