"""Metrics for Prometheus: requests by view, and the state of the place. No path, no person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from oarlock.community.ops import state

registry = CollectorRegistry()
requests = Counter(
    "oarlock_requests_total", "Requests by view and status.", ["view", "status"], registry=registry
)
seconds = Histogram(
    "oarlock_request_seconds",
    "Time to answer, by view.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5),
    registry=registry,
)


class MetricsMiddleware:
    """Counts and times requests under the name of their view, never under their path."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.url_name or "unnamed") if match else "none"
        requests.labels(view, str(response.status_code)).inc()
        seconds.labels(view).observe(time.perf_counter() - started)
        return response


class _StateCollector(Collector):
    """Reads the database when it is asked, so that the figures are those of all processes."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = state.look()
        yield GaugeMetricFamily(
            "oarlock_worker_alive", "1 while the worker works.", value=int(now.worker_alive)
        )
        for name, words, value in (
            ("jobs_waiting", "Jobs that wait.", now.n_jobs_waiting),
            ("jobs_failed", "Jobs that failed and wait for another try.", now.n_jobs_failed),
            ("oldest_job_seconds", "Age of the oldest job.", now.oldest_job_seconds),
            ("texts_unscreened", "Texts that were not screened.", now.n_unscreened),
            ("cases_overdue", "Cases that nobody acknowledged in time.", now.n_overdue),
            ("alarms_failed", "Alarms that reached nobody in a day.", now.n_alarms_failed),
        ):
            yield GaugeMetricFamily(f"oarlock_{name}", words, value=value)
        cases = GaugeMetricFamily("oarlock_cases_open", "Open cases by grade.", labels=["grade"])
        for grade, count in now.n_open_cases.items():
            cases.add_metric([str(grade)], count)
        yield cases


registry.register(_StateCollector())


def exposition() -> bytes:
    """Return all metrics in the text format of Prometheus."""
    return generate_latest(registry)
