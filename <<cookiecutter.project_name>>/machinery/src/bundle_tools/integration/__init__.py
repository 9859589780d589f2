"""Runs every job of a deployment in a workspace, checks the results and reports them."""
