"""How old the oldest message of a queue is. To receive it would count as a receive, so nobody peeks at a live queue."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from skillsync.operations.aws import queue_name

# CloudWatch has one value a minute, a few minutes late.
_WINDOW = timedelta(minutes=10)
_TIMEOUT_SECONDS = 10


def measured_ages(cloudwatch: Any, urls: Sequence[str]) -> dict[str, float]:
    """Seconds by URL, from SQS's own metric; a queue that CloudWatch knows nothing of is left out.

    The metric is blind to a message received three times or more. An endpoint without CloudWatch has no metric.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    now = datetime.now(UTC)
    queries = [_query(f"q{number}", queue_name(url)) for number, url in enumerate(urls)]
    try:
        answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=now - _WINDOW, EndTime=now)
    except (BotoCoreError, ClientError):
        return {}
    # Not by place: endpoints differ in the order of the values.
    latest = {
        result["Id"]: max(zip(result["Timestamps"], result["Values"], strict=True))[1]
        for result in answer["MetricDataResults"]
        if result["Values"]
    }
    return {url: latest[f"q{number}"] for number, url in enumerate(urls) if f"q{number}" in latest}


def seen_age(endpoint: str, url: str) -> float | None:
    """Seconds, from the emulator's own view into a queue, which receives nothing; None where there is no such view."""
    view = f"{endpoint}/_ministack/sqs/messages?{urllib.parse.urlencode({'QueueUrl': url})}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(view, timeout=_TIMEOUT_SECONDS) as answer:
            accounts = json.load(answer)["messages"]
        sent = [m["SentTimestamp"] for regions in accounts.values() for queues in regions.values() for m in queues[url]]
    except (urllib.error.URLError, OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return max(0.0, time.time() - min(sent)) if sent else None


def _query(id: str, name: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": name}],
    }
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
