"""Servers that tests start in the cluster: a package index, git over HTTPS, an object store.

They run the real programs (pypiserver, git's http-backend, moto) on the image `servers`; what is
in `pod/` runs there, and the rest here.
"""
