"""uv, pip and git in the base image: how they are run, and what their output means."""
