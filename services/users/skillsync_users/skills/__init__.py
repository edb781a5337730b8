"""The catalogue of skills that ships with the product."""
