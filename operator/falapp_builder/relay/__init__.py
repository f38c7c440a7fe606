"""A sidecar of a build's pod: a registry on its loopback that lends what one namespace may see."""
