"""The source tables: their contract, how they are read, and times as Spark and Python hold them."""
