"""Compares a challenger with the champion on the traffic of the endpoint, and decides who gets it.

A rollout has a record (`record`), which the job `promotion` writes and moves on (`steps`). The job `rollout` reads what
the endpoint has served (`observe`), and decides (`decision`) by a confidence sequence of the difference of the losses
(`confidence_sequence`) and by sequential tests of errors and latency (`e_values`).
"""
