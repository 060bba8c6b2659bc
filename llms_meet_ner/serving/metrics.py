"""What the service counts, for Prometheus. Nothing of a text or a key is counted by name."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from .refusal import Reason

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_SENTENCES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The metrics of one service, in a registry of its own.

    Args:
        depth: Returns the number of sentences that wait.

    Attributes:
        model: Name of the model and hash of its stamp.
        requests: Requests by path and status.
        seconds: Seconds from the first byte of a request to the last of its answer, by path.
        under_way: Requests that are read or answered now.
        refused: Requests, and texts of streams, that are not answered, by reason.
        texts: Texts that were answered.
        sentences: Sentences that were tagged.
        portions: Sentences of each portion.
        tagging: Seconds of each portion.
    """

    def __init__(self, depth: Callable[[], float]) -> None:
        self._registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        self.model = Info("lmn_model", "Model that tags", registry=own)
        self.requests = Counter("lmn_requests", "Requests", ["path", "status"], registry=own)
        self.seconds = Histogram(
            "lmn_request_seconds", "Seconds of a request, its answer included", ["path"], buckets=_SECONDS, registry=own
        )
        self.under_way = Gauge("lmn_requests_under_way", "Requests that are read or answered now", registry=own)
        self.refused = Counter(
            "lmn_refused", "Requests, and texts of streams, without an answer", ["reason"], registry=own
        )
        self.texts = Counter("lmn_texts", "Texts that were answered", registry=own)
        self.sentences = Counter("lmn_sentences", "Sentences that were tagged", registry=own)
        self.portions = Histogram(
            "lmn_portion_sentences", "Sentences that were tagged together", buckets=_SENTENCES, registry=own
        )
        self.tagging = Histogram(
            "lmn_portion_seconds", "Seconds of a portion in the model", buckets=_SECONDS, registry=own
        )
        Gauge("lmn_queue_sentences", "Sentences that wait for the model", registry=own).set_function(depth)

    def refuse(self, reason: Reason) -> None:
        """Count a request or a text that is not answered."""
        self.refused.labels(reason).inc()

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)
