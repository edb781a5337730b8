"""SkillSync on this machine: what `skillsync up` puts together."""
