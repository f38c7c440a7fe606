"""The first step, in the base image: pip arguments become packages."""
