"""Real servers, started from nothing on loopback: a database and an S3 engine.

For the demo site over several servers and for the tests; nothing of them is kept.
"""
