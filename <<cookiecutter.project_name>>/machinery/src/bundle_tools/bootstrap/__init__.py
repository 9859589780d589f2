"""Sets up what a target needs and only an administrator may make: identities, rights, catalogs, a SQL warehouse."""
