"""How kopf finds the handlers of what it watches."""

from kopf._cogs.structs import references  # kopf has no public way to do so


def resource(group, version, plural):
    return references.Resource(group, version, plural, namespaced=True)


def watching(registry, found):
    return [h for h in registry._watching._handlers if h.selector.check(found)]
