"""An upload's life, from its first byte to its end. Knows no HTTP."""
