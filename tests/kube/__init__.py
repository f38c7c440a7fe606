"""How the demo and the tests speak to the cluster: through kubectl, as its users do."""
