"""`make bench`: load over this service and over what else could have been written, compared in one run."""
