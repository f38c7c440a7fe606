"""The RUNs in Kaniko, in the base image: groups of packages become files in the venv."""
