"""Ask the web server of this container whether it is alive, under the name that it answers to."""

import os
import urllib.request
from urllib.parse import urlsplit

site = urlsplit(os.environ["SITE_URL"])
port = os.environ.get("BIND", "127.0.0.1:8000").rpartition(":")[2]
request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": site.netloc})
urllib.request.urlopen(request, timeout=4).close()
