"""The web server, the same on a newcomer's machine, in the bench and in production.

Two processes with a few threads each: a browser's idle connection then blocks nobody, with or without a proxy
in front. Measured on two cores, more processes or threads gain nothing.
"""

import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "2"))
# Preloading shares memory between the processes; Django opens its connections only after the fork.
preload_app = True
timeout = 30
graceful_timeout = 8
keepalive = 5
# A process that has grown is replaced, not all at once.
max_requests = int(os.environ.get("WEB_MAX_REQUESTS", "20000"))
max_requests_jitter = max_requests // 10
# Which proxy is believed about https is the application's business (TRUSTED_PROXY_COUNT).
secure_scheme_headers: dict[str, str] = {}
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
