"""Runs the job `baseline` on this machine, and writes the winner's files beside yours."""
