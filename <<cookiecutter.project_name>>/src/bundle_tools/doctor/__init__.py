"""Says what a workspace still lacks for the bundle's first deployment, and how to get it; changes nothing."""
