"""Prints a signed URL of an object: python sign.py <address> <object> <seconds> <session token>."""

import json
import sys
from pathlib import Path

import boto3
from botocore.config import Config

BUCKET, REGION = "private", "us-east-1"


def key():
    """Return the store's one access key."""
    told = json.loads(Path("/secrets/key.json").read_text())
    return told["access"], told["secret"]


def main(address: str, name: str, seconds: str, token: str) -> None:
    access, secret = key()
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    told = {"Bucket": BUCKET, "Key": name}
    print(client.generate_presigned_url("get_object", told, ExpiresIn=int(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
