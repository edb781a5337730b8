"""What the service is compared with. None of it is production code: see README.md."""
