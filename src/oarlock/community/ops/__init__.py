"""Running the place: health, metrics, logs, backups, the worker, the demo."""
