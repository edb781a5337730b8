"""The catalogue of skills: what ships with the product, and what members proposed and coordinators approved."""
