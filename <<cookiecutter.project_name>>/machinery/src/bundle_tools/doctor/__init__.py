"""Lists what a workspace is missing for the bundle's first deployment, and how to get it; changes nothing."""
