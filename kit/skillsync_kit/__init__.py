"""What every SkillSync service needs and no business word. Each module has one purpose; import it by its name."""
