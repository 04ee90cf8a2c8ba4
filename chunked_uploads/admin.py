"""The admin: uploads, their chunks, API keys."""
