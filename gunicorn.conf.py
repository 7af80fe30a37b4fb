"""What gunicorn reads by itself when it starts in this folder."""

worker_class = "web.server.Worker"
logger_class = "web.server.Log"
threads = 8
accesslog = None  # paths hold personal links
control_socket_disable = True  # else gunicorn leaves a socket in the home folder, one for all installations


def on_starting(server):
    """Several processes share PostgreSQL; on one SQLite file they would wait for each other."""
    from settings import process_variables  # the folder is on the path by now

    url = process_variables().get("DATABASE_URL", "")
    if server.cfg.workers > 1 and not url.startswith("postgres"):
        raise SystemExit(
            "SQLite takes one web process: leave WEB_CONCURRENCY and --workers at 1, or use PostgreSQL."
        )
