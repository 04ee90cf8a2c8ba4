"""A torture: many clients do all that clients do, right and wrong, to real servers.

gunicorn and its workers are killed meanwhile (SIGKILL), clean-ups run beside it, and
every answer is held against a small model of what was promised so far.

`python -m tests.torture --seed 1 --minutes 5` does it for long,
`tests/live/test_torture.py` shortly. What each client does follows from the seed; how
the clients' requests, the kills and the clean-ups fall together is chance, and another
one each time.
"""
