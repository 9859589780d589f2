"""Real-time serving: the endpoint of the champion, and the way a new version gets there."""
