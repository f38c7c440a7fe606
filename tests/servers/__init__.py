"""Servers that tests start in the cluster: an index, git over HTTPS, an object store, a registry.

They run the real programs (pypiserver, git's http-backend, moto, Docker's registry) on the image
`servers`; what is in `pod/` runs there, and the rest here.
"""
