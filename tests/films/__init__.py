"""An app whose forms take large files, as docs/forms.md shows it."""
