"""gunicorn behind nginx: `gunicorn --config gunicorn.conf.py mysite.wsgi`."""

bind = "unix:/run/mysite/gunicorn.sock"

# Threads: an upload mostly waits for its visitor's network, and must not hold a
# whole process while it does. At most workers * threads requests run at a time.
worker_class = "gthread"
workers = 4
threads = 16

# A worker that does not even answer its master for so long is killed. Uploads may
# take longer than that: threads do not keep a worker from answering.
timeout = 60  # seconds
# A restart lets chunks that are on their way arrive; others are resumed.
graceful_timeout = 30  # seconds
