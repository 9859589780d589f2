"""Tools for the laptop and CI: they read the bundle, run it locally, and look at a workspace. Not in the wheel."""
