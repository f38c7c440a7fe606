"""The only code that talks over the network: the API server and the registry."""
