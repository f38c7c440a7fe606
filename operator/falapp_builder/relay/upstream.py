"""The environments' registry, as the relay speaks with it: one repository, with our login."""

import httpx

from falapp_builder.network import tls
from falapp_builder.network.exchange import TIMEOUT
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.pod.request import Request
from falapp_registry import reference
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Credentials
from falapp_registry.errors import CredentialsError, ImageNameError


def connect(asked: Request, places: Places) -> httpx.AsyncClient:
    """Return what asks the repository; its paths are those below /v2/<repository>/.

    What Kaniko caches is pushed, so then it has the credentials for that; else those to read.

    Raises:
        Failure: The repository's name or the credentials cannot be used.
    """
    login = places.push if asked.cache and places.push.exists() else places.registry
    try:
        named = reference.parse(asked.image)
        found = Credentials.read(login).find(named.host, named.repository)
    except (ImageNameError, CredentialsError) as error:
        raise Failure(Reason.PUBLISH_FAILED, str(error)) from None
    address = named.address(insecure=asked.insecure)
    return httpx.AsyncClient(
        base_url=f"{address}/v2/{named.repository}/",
        verify=tls.context(places),
        auth=RegistryAuth(address, lambda: found),
        timeout=TIMEOUT,
    )
