"""The embedded AWS counts DynamoDB requests, so that the benchmark can measure the rate limiter's cost."""

from local.aws.call_counts import CallCounts


def test_requests_are_counted_by_table_and_operation() -> None:
    calls = CallCounts()
    for target in ("UpdateItem", "UpdateItem", "GetItem"):
        calls.count_request(f"DynamoDB_20120810.{target}", b'{"TableName": "limiter"}')
    calls.count_request("DynamoDB_20120810.UpdateItem", b'{"TableName": "results"}')
    assert calls.as_json() == {"limiter": {"UpdateItem": 2, "GetItem": 1}, "results": {"UpdateItem": 1}}


def test_other_services_and_requests_without_table_are_not_counted() -> None:
    calls = CallCounts()
    calls.count_request("", b"<xml/>")
    calls.count_request("AmazonSQS.SendMessage", b'{"TableName": "limiter"}')
    calls.count_request("DynamoDB_20120810.ListTables", b"{}")
    assert calls.as_json() == {}
