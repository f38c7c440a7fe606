"""Where the files go that apps make with fal.toolkit, as the chart says it."""

from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field

from falapp_operator.api import model

Url = Annotated[str, Field(max_length=1024, pattern=r"^(https?://[^\s]+)?$")]
_LONGEST_LINK = 7 * 24 * 3600


class Bucket(model.Model):
    """A bucket of an S3-compatible store."""

    name: Annotated[str, Field(max_length=63)] = ""
    """The bucket, which must exist."""
    endpoint: Url = ""
    """The store, as https://minio.example; Amazon's when empty."""
    region: Annotated[str, Field(min_length=1, max_length=63)] = "us-east-1"
    """The region that requests are signed for."""
    prefix: Annotated[str, Field(max_length=512)] = ""
    """What all keys begin with, as apps/."""
    secret: Annotated[str, Field(max_length=253)] = ""
    """The Secret in the apps' namespaces with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""


class Volume(model.Model):
    """A volume that a web server serves."""

    claim_name: Annotated[str, Field(max_length=253)] = ""
    """The PersistentVolumeClaim in the apps' namespaces."""


class Files(model.Model):
    """One store for the files of all apps."""

    store: Literal["none", "bucket", "volume"] = "none"
    """What it is."""
    public_url: Annotated[Url, Field(alias="publicURL")] = ""
    """What the URLs of files begin with; a bucket without it gets signed links."""
    link_expiry: model.Duration = "24h"
    """How long signed links are good for."""
    bucket: Bucket = Bucket()
    """The bucket, if it is one."""
    volume: Volume = Volume()
    """The volume, if it is one."""

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> Self:
        needed = {
            "none": {},
            "bucket": {"bucket.name": self.bucket.name, "bucket.secret": self.bucket.secret},
            "volume": {"volume.claimName": self.volume.claim_name, "publicURL": self.public_url},
        }
        missing = [name for name, value in needed[self.store].items() if not value]
        if missing:
            raise ValueError(f"store is {self.store}, and {' and '.join(missing)} is empty: set it")
        if model.seconds(self.link_expiry) > _LONGEST_LINK:
            raise ValueError(f"linkExpiry is {self.link_expiry}; no store signs for more than 168h")
        return self
