"""Tests of the page's scripts that need no browser: those of Node."""
