"""Notifications, the e-mail digest and the watch on unanswered posts."""
