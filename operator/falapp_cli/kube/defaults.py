"""Names that the chart gives by default."""

OPERATOR = "falapp-system"
"""Where its documentation installs the operator."""
LABELS = "app.kubernetes.io/name=falapp,app.kubernetes.io/component=operator"
"""What its Deployment and its settings have, whatever the release is called."""
BUILDS = "falapp-builds"
"""Where builds run."""
