"""Names that the chart gives by default."""

OPERATOR = "falapp-system"
"""Where its documentation installs the operator."""
SETTINGS = "falapp-operator-settings"
"""The ConfigMap with the operator's settings."""
BUILDS = "falapp-builds"
"""Where builds run."""
