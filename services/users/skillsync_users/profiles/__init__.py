"""People: their profiles, the directory of members, and the names other services ask for."""
