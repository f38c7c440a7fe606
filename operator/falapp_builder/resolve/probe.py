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
_REFUSED = (401, 403)
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
    context = ssl.create_default_context(cafile=variables.get("SSL_CERT_FILE"))
    for index in filter(None, (options.index_url, *options.extra_index_urls)):
        code = _answer(f"{index.rstrip('/')}/{normalised(absent['name'])}/", context)
        if code in _REFUSED:
            host = urlsplit(index).netloc.rpartition("@")[2]
            yield f"{host} answers {code} to {absent['name']}"


def _answer(url: str, context: ssl.SSLContext) -> int:
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))
    if userinfo:
        plain = ":".join(unquote(part) for part in userinfo.partition(":")[::2])
        login = base64.b64encode(plain.encode()).decode()
        # Unredirected: nobody else is shown it.
        request.add_unredirected_header("Authorization", f"Basic {login}")
    handler = urllib.request.HTTPSHandler(context=context)
    try:
        with urllib.request.build_opener(handler).open(request, timeout=_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, ValueError):
        return 0
