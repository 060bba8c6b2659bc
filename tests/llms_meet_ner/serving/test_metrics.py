"""Metrics in Prometheus's format, read by its own parser, and nothing of a text in them."""

from __future__ import annotations

from capitals_service import Running
from prometheus_client.parser import text_string_to_metric_families


def test_the_metrics_count_what_happened(shared: Running) -> None:
    assert shared.tag("Zanzibar came. Bob Bad.", "x").status_code == 422
    assert shared.tag("Zanzibar came. Bob.", "x").status_code == 200
    assert shared.client.get("/secret-path").status_code == 404
    answer = shared.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["lmn_requests_total", "/tag", "200"] == samples["lmn_requests_total", "/tag", "422"] == 1
    assert samples["lmn_requests_total", "404", "other"] == 1
    assert samples["lmn_request_seconds_count", "/tag"] == 2
    assert samples["lmn_refused_total", "text"] == 1
    assert samples["lmn_texts_total",] == 2
    assert samples["lmn_sentences_total",] >= 3
    assert samples["lmn_portion_sentences_sum",] >= 5
    assert samples["lmn_portion_seconds_count",] == samples["lmn_portion_sentences_count",]
    assert samples["lmn_queue_sentences",] == samples["lmn_requests_under_way",] == 0
    assert samples["lmn_model_info", *sorted(("capitals", "c" * 64))] == 1
    assert ("process_resident_memory_bytes",) in samples
    assert "Zanzibar" not in answer.text
    assert "secret-path" not in answer.text
