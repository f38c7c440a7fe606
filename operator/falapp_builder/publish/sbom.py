"""What is in an image, for scanners: a bill of materials in CycloneDX's form."""

import json
from typing import Any
from urllib.parse import quote

from falapp_builder.pod.planned import Package, Plan

MEDIA_TYPE = "application/vnd.cyclonedx+json"
NAME = "sbom.cdx.json"

_IN_URLS = ":/?#[]@!$&'()*+,;=%~"


def sbom(plan: Plan, name: str, version: str) -> bytes:
    """Return the bill of materials of an image; it holds no credentials, since the plan has none.

    Args:
        plan: What is in the image.
        name: What the image is called, without tag.
        version: Its tag.
    """
    packages = sorted(plan.packages, key=lambda package: package.name)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": name,
                "version": version,
                "components": [{"type": "container", "name": plan.base.pinned, "bom-ref": "base"}],
            }
        },
        "components": [_component(package) for package in packages],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _component(package: Package) -> dict[str, Any]:
    purl = _purl(package)
    component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": package.name}
    if package.version:
        component["version"] = package.version
    component["purl"] = purl
    if package.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": package.sha256}]
    kind, url = ("vcs", package.repository) if package.commit else ("distribution", package.url)
    if url:
        component["externalReferences"] = [{"type": kind, "url": quote(url, safe=_IN_URLS)}]
    return component


def _purl(package: Package) -> str:
    purl = f"pkg:pypi/{quote(package.name, safe='')}"
    if package.version:
        purl += f"@{quote(package.version, safe='')}"
    if package.commit:
        purl += f"?vcs_url={quote(f'git+{package.repository}@{package.commit}', safe='')}"
    return purl
