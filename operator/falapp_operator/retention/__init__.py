"""Cleaning the registry of what nothing has used for a while; a CronJob runs it.

The operator holds no credentials that may write to the registry, and shall not.
"""
