"""Waiting for a condition, instead of for a time."""

from demo.services.polling import wait_until

__all__ = ["wait_until"]
