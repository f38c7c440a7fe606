"""How one gets into a registry: what images are called, credentials, and the dance for a token.

The builder uses it to read base images and to push, the operator to look for what was pushed.
"""
