"""Registries as the steps in the builder's image reach them."""
