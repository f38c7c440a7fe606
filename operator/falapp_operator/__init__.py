"""The operator: it watches FalApps and Environments and makes the cluster match them."""
