"""The language of requirements: pip arguments as a FalApp lists them, read in one way everywhere.

The operator checks and keys them, the build resolves them, and the command line renders them. The
build's part runs under the Python of a base image, so everything here is the standard library.
"""
