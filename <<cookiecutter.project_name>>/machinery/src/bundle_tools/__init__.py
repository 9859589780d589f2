"""Tools for laptops and CI: they read the bundle, run it locally and check a workspace. Not part of the wheel."""
