"""Asking indexes why: to uv, an index that refuses access is one that lacks the package."""

import base64
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from falapp_requirements.options import Options
from falapp_requirements.tokens import normalised

_ABSENT = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*) was not found in the package registry")
REFUSED = (401, 403)
"""What an index answers to whom it does not know."""
_SECONDS = 10


def refusals(said: str, options: Options, variables: Mapping[str, str]) -> Iterable[str]:
    """Return a line for every index that refuses to tell of a package that uv has not found.

    Args:
        said: What uv said.
        options: Where it looked.
        variables: The environment in which it ran, which says whom to trust.
    """
    if not (absent := _ABSENT.search(said)):
        return
    for index in filter(None, (options.index_url, *options.extra_index_urls)):
        code, _ = answer(f"{index.rstrip('/')}/{normalised(absent['name'])}/", variables)
        if code in REFUSED:
            host = urlsplit(index).netloc.rpartition("@")[2]
            yield f"{host} answers {code} to {absent['name']}"


def answer(url: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """Return the status that a URL is answered with, 0 for no answer, and where it led."""
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))
    if userinfo:
        plain = ":".join(unquote(part) for part in userinfo.partition(":")[::2])
        login = base64.b64encode(plain.encode()).decode()
        # Unredirected: nobody else is shown it.
        request.add_unredirected_header("Authorization", f"Basic {login}")
    try:
        context = ssl.create_default_context(cafile=variables.get("SSL_CERT_FILE"))
        handler = urllib.request.HTTPSHandler(context=context)
        with urllib.request.build_opener(handler).open(request, timeout=_SECONDS) as found:
            return int(found.status), str(found.url)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
    except (OSError, ValueError):
        return 0, ""
