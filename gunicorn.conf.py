"""What gunicorn reads by itself when it starts in this folder."""

worker_class = "web.server.Worker"
logger_class = "web.server.Log"
threads = 8
accesslog = None  # paths hold personal links
control_socket_disable = True  # else gunicorn leaves a socket in the home folder, one for all installations
