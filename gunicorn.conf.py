"""What gunicorn reads by itself when it starts in this folder."""

worker_class = "web.server.Worker"
logger_class = "web.server.Log"
accesslog = None  # paths hold personal links
