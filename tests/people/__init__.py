"""A site's own user model, as different from Django's as one may be."""
