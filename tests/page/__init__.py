"""The uploader in real browsers, against a real server."""
