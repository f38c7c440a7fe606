"""Pure: what an environment is, how it is built, and how a build ended."""
