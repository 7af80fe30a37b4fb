# Aftercare in a container: small, no root, a read-only file system. compose.yaml has the whole server.
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv
COPY requirements/app.lock /tmp/app.lock
RUN python3 -m venv /srv/venv && /srv/venv/bin/pip install --quiet --no-cache-dir --require-hashes -r /tmp/app.lock
RUN find /srv/venv -name __pycache__ -prune -exec rm -r {} +
COPY . /srv/aftercare
# Its account reads the program, whatever the umask of who cloned it.
RUN chmod -R go=rX /srv/aftercare /srv/venv

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /srv/aftercare aftercare && install -d -o aftercare -g aftercare -m 700 /srv/aftercare/var
COPY --from=build /srv/venv /srv/venv
COPY --from=build /srv/aftercare /srv/aftercare
WORKDIR /srv/aftercare
ENV PATH=/srv/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER aftercare
VOLUME /srv/aftercare/var
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "deploy/healthy.py"]
CMD ["gunicorn", "app:create_app()", "--threads", "8", "--bind", "0.0.0.0:8000"]
