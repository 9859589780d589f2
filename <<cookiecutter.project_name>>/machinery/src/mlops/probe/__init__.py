"""Questions to the platform that no check on a laptop can answer, each with what to do if the answer is no."""
