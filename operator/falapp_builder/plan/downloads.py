"""The files of an environment: how big they are; those that are needed, several at once."""

import errno
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import httpx

from falapp_builder.network import tls
from falapp_builder.plan.access import Access
from falapp_builder.plan.cache import Cache
from falapp_builder.plan.fetch import Fetcher, Stopped
from falapp_builder.plan.wheels import Choice
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import File
from falapp_builder.pod.places import Places
from falapp_builder.pod.request import Request

_AT_ONCE = 4
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TIMEOUT = httpx.Timeout(30, read=60)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~-]{0,250}")
_SHA256 = re.compile(r"[0-9a-f]{64}|")

T = TypeVar("T")


class Downloads:
    """The files of packages on the way to their places.

    Args:
        fetcher: What fetches them.
        places: Where they belong.
        private: Whether the environment is for its namespace alone.
    """

    def __init__(self, fetcher: Fetcher, places: Places, *, private: bool) -> None:
        self._fetcher = fetcher
        self._places = places
        self._private = private
        self._cache = Cache(places.cache)

    def measured(self, choices: Iterable[Choice]) -> tuple[Choice, ...]:
        """Return packages with the sizes that locks lack, and with hashes.

        A file without a hash is downloaded for it: what is in a layer decides the layer's address.
        """
        return tuple(self._all(self._measured, choices))

    def fetched(self, choices: Iterable[Choice]) -> int:
        """Bring the files of packages to their places; return how many bytes they have."""
        return sum(self._all(lambda choice: self._brought(choice).size or 0, choices))

    def _measured(self, choice: Choice) -> Choice:
        file = choice.file
        if file is None:
            return choice
        _check(file)
        if not file.sha256:
            brought = self._brought(choice)
            print(f"falapp: {file.name}: no hash was announced, it is {brought.sha256}", flush=True)
            return replace(choice, file=brought)
        if file.size is None:
            return replace(choice, file=replace(file, size=self._fetcher.size(file)))
        return choice

    def _brought(self, choice: Choice) -> File:
        file = choice.file
        if file is None:
            raise ValueError(choice.name)
        target = self._places.wheel(file.sha256, file.name)
        if file.sha256 and target.exists():
            return file
        partial = self._places.wheels / f".{choice.name}"
        try:
            self._places.wheels.mkdir(parents=True, exist_ok=True)
            public = self._public(choice)
            if public and file.sha256 and self._cache.take(file.sha256, partial):
                found = replace(file, size=partial.stat().st_size)
            else:
                fetched = self._fetcher.fetch(file, partial)
                found = replace(file, sha256=fetched.sha256, size=fetched.size)
                if public:
                    self._cache.keep(fetched.sha256, partial)
            target = self._places.wheel(found.sha256, found.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
        except OSError as error:
            raise _unwritable(file, error) from error
        return found

    def _public(self, choice: Choice) -> bool:
        """Return whether anybody who knows a file's hash may have it: the cache is for all."""
        package = choice.package
        return not (package.secret or (self._private and package.url))

    def _all(self, work: Callable[[Choice], T], choices: Iterable[Choice]) -> list[T]:
        """Work at several packages at once; the first failure ends what is under way."""

        def guarded(choice: Choice) -> T:
            try:
                return work(choice)
            except BaseException:
                self._fetcher.stopped.set()
                raise

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            futures = [pool.submit(guarded, choice) for choice in choices]
        errors = [error for future in futures if (error := future.exception())]
        if errors:
            raise next((error for error in errors if not isinstance(error, Stopped)), errors[0])
        return [future.result() for future in futures]


@contextmanager
def opened(places: Places, asked: Request, values: Mapping[str, str]) -> Iterator[Downloads]:
    """Give what downloads the files of packages.

    Args:
        places: Where everything is.
        asked: The request; the URLs in its arguments may hold credentials.
        values: The values of variables.
    """
    with httpx.Client(verify=tls.context(places), timeout=_TIMEOUT) as client:
        access = Access((token for layer in asked.layers for token in layer), values)
        yield Downloads(Fetcher(client, access), places, private=asked.private)


def _check(file: File) -> None:
    if not _NAME.fullmatch(file.name) or not _SHA256.fullmatch(file.sha256):
        message = f"{file.name!r:.100} is no name of a package's file; take another version"
        raise Failure(Reason.INVALID_REQUIREMENT, message)


def _unwritable(file: File, error: OSError) -> Failure:
    if error.errno in _FULL:
        message = f"the disk of the build is full with {file.name}; give builds more storage"
        return Failure(Reason.DISK_FULL, message)
    message = f"{file.name} cannot be written to the disk of the build ({error.strerror})"
    return Failure(Reason.BUILD_FAILED, f"{message}: look at its node")
