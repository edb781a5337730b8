"""The community of `skillsync seed`: planned whole from a seed, then played through the API of the running system."""
