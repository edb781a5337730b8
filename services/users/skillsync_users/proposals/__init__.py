"""Skills that members miss in the catalogue, and what coordinators say to them."""
