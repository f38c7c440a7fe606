"""What runs in a build pod: resolve, install, publish.

`resolve` and `install` run under the Python of the base image, which has nothing but the standard
library, so they and all that they import use nothing else. `publish` runs in the builder's image
and is the only one that talks to a registry.
"""
