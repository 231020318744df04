"""Deployments: plans, records and runs on engines. Only the commands that talk to an engine import this package."""
