"""The last step, in the builder's image: layers become an image in the registry."""
