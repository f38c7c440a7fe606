"""The stores that a cluster may have for files: a bucket, or a volume that somebody serves."""

import datetime
import json
import re
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from fal.toolkit.file import types

from falapp_runner import contract

if TYPE_CHECKING:
    from obstore.store import S3Credential

_CODE = re.compile(r"<Code>(\w+)</Code>")
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


class StoreError(Exception):
    """A file could not be kept; the text says what to do about it."""

    falls_back = False
    """fal would try again with what is the same store by another name."""


class Store(Protocol):
    """Keeps files under keys."""

    def put(self, key: str, content: bytes | Path, content_type: str) -> None:
        """Keep a file."""

    def url(self, key: str) -> str:
        """Return where it can be had."""


def repository(variables: Mapping[str, str]) -> "Repository":
    """Return what fal keeps files with.

    Raises:
        StoreError: The cluster has no store.
    """
    given = json.loads(variables.get(contract.FILES) or "{}")
    # absent in a run by hand
    owner = tuple(filter(None, map(variables.get, (contract.NAMESPACE, contract.APP_NAME))))
    if "bucket" in given:
        return Repository(Bucket(given["bucket"], variables), owner)
    if "volume" in given:
        return Repository(Folder(Path(contract.FILES_FOLDER), given["volume"]["publicURL"]), owner)
    raise StoreError(
        "this cluster has no store for files: have runners.files set in the operator's chart, "
        'use repository="in_memory" for data URIs, or give the app a FAL_KEY'
    )


class Repository(types.FileRepository):
    """fal's interface to a store; what it has for fal's storage alone has no meaning here."""

    def __init__(self, store: Store, owner: Sequence[str]) -> None:
        self._store = store
        self._owner = owner

    def save(self, data: types.FileData, *_: Any, **__: Any) -> str:
        """Keep bytes and return their URL."""
        key = self._key(data.file_name)
        self._store.put(key, data.data, data.content_type)
        return self._store.url(key)

    def save_file(
        self, file_path: str | Path, content_type: str, *_: Any, **__: Any
    ) -> tuple[str, None]:
        """Keep a file, which is not read into memory, and return its URL."""
        path = Path(file_path)
        key = self._key(path.name)
        self._store.put(key, path, content_type)
        return self._store.url(key), None

    def reserve(self, file_name: str, content_type: str, *_: Any, **__: Any) -> Any:
        """Return a URL before there is anything behind it."""
        key = self._key(file_name)

        def complete(content: bytes | Path) -> None:
            self._store.put(key, content, content_type)

        return types.Reservation(url=self._store.url(key), complete=complete)

    def _key(self, name: str) -> str:
        """Return a key that tells whose it is, that nobody guesses, and that ends with the name."""
        own = _SAFE.sub("_", Path(name).name) or "file"
        return "/".join((*self._owner, uuid.uuid4().hex, own))


class Bucket:
    """A bucket of an S3-compatible store."""

    def __init__(self, given: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        from obstore.store import S3Store

        key_id = variables.get(contract.FILES_KEY_ID, "")
        secret = variables.get(contract.FILES_SECRET_KEY, "")
        if not key_id or not secret:
            raise StoreError(
                f"files go to bucket {given['name']}, whose credentials are not in this "
                f"namespace: create Secret {given['secret']} with the keys AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, and start the app anew"
            )
        self._name = given["name"]
        self._prefix = given.get("prefix", "")
        self._public = given.get("publicURL", "")
        self._links = datetime.timedelta(seconds=given["linkSeconds"])
        endpoint = given.get("endpoint", "")
        # a provider: without one, the client takes what the app's own AWS_ variables say
        self._store = S3Store(
            self._name,
            region=given["region"],
            virtual_hosted_style_request=not endpoint,
            client_options={"allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": 3, "retry_timeout": datetime.timedelta(seconds=20)},
            credential_provider=lambda: _credential(key_id, secret),
            endpoint=endpoint or f"https://{self._name}.s3.{given['region']}.amazonaws.com",
        )

    def put(self, key: str, content: bytes | Path, content_type: str) -> None:
        """Keep a file; a large one in parts."""
        import obstore

        attributes = {"Content-Type": content_type}
        try:
            obstore.put(self._store, self._prefix + key, content, attributes=attributes)
        except Exception as error:
            code = _CODE.search(str(error))
            # without a cause: a store may quote what was signed
            raise StoreError(
                f"bucket {self._name} did not take a file "
                f"({code[1] if code else type(error).__name__}); see runners.files of the "
                "operator's chart"
            ) from None

    def url(self, key: str) -> str:
        """Return a public URL where the bucket has one, else a signed one."""
        import obstore

        key = self._prefix + key
        if self._public:
            return f"{self._public.rstrip('/')}/{quote(key)}"
        return obstore.sign(self._store, "GET", key, self._links)


def _credential(key_id: str, secret: str) -> "S3Credential":
    return {
        "access_key_id": key_id,
        "secret_access_key": secret,
        "token": None,
        "expires_at": None,
    }


class Folder:
    """A folder that a web server serves."""

    def __init__(self, folder: Path, public: str) -> None:
        self._folder = folder
        self._public = public

    def put(self, key: str, content: bytes | Path, content_type: str) -> None:
        """Keep a file, which is whole as soon as it is there."""
        path = self._folder / key
        half = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True)
            if isinstance(content, Path):
                shutil.copyfile(content, half)
            else:
                half.write_bytes(content)
            half.rename(path)
        except OSError as error:
            raise StoreError(
                f"the volume for files did not take one ({error.strerror}); see runners.files of "
                "the operator's chart"
            ) from error

    def url(self, key: str) -> str:
        """Return where the web server has it."""
        return f"{self._public.rstrip('/')}/{quote(key)}"
