"""What every object of an app shares: where it is, whose it is, and that it goes with the app."""

from falapp_operator.api import meta
from falapp_operator.api.objects import Object, owner_reference


def metadata(app: Object, name: str = "") -> Object:
    """Return the metadata of an object of ``app``'s, called as the app is or by ``name``."""
    own = app["metadata"]["name"]
    return {
        "name": name or own,
        "namespace": app["metadata"]["namespace"],
        "labels": meta.app_labels(own),
        "ownerReferences": [owner_reference(app, controller=True)],
    }
