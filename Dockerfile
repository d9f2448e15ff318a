# syntax=docker/dockerfile:1
# One image for web, worker, beat and commands; a second, small one for the reverse proxy with the static files.

FROM python:3.13-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/venv/bin:$PATH
WORKDIR /app

FROM base AS packages
COPY requirements/prod.txt requirements/prod.txt
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements/prod.txt

FROM base AS app
# Pango makes the PDF invoices; its version follows the base image, which is rebuilt for security anyway.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        fonts-dejavu-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 shop \
    && useradd --system --uid 10001 --gid shop --home-dir /nonexistent --shell /usr/sbin/nologin shop \
    && install -d -o shop -g shop -m 0750 /var/lib/masques/private
COPY --from=packages /opt/venv /opt/venv
COPY . .
# These values serve this one command; the settings insist on having them.
RUN SITE_URL=https://build.example SECRET_KEY=build ALTCHA_HMAC_KEY=build DATABASE_URL=postgres:///build \
    REDIS_URL=redis://build/0 EMAIL_URL=consolemail:// SUPPORT_EMAIL=build@build.example STRIPE_SECRET_KEY=build \
    STRIPE_WEBHOOK_SECRET=build LAPOSTE_OKAPI_KEY=build COLISSIMO_CONTRACT_NUMBER=build COLISSIMO_PASSWORD=build \
    STATIC_ROOT=/app/staticfiles \
    python manage.py collectstatic --no-input --verbosity 0
# hadolint ignore=DL3064
ENV BIND=0.0.0.0:8000 \
    STATIC_ROOT=/app/staticfiles \
    PRIVATE_ROOT=/var/lib/masques/private \
    XDG_CACHE_HOME=/tmp/cache
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "masques.wsgi:application"]

FROM caddy:2.10-alpine AS proxy
COPY deploy/Caddyfile /etc/caddy/Caddyfile
COPY --from=app /app/staticfiles /srv/static
