"""Imports a package that nothing installs."""

import falapp_no_such_package.deep  # noqa: F401
