"""The step after resolve, in the builder's image: packages become groups, built or to build."""
