"""What clients do that speak tus."""
