"""The check of the dead-letter queue."""

import boto3
from moto import mock_aws

from local.demo.bucket_checks import check_dead_letter_queue


@mock_aws
def test_a_message_in_the_dead_letter_queue_is_found() -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    assert check_dead_letter_queue(sqs, url) == []

    sqs.send_message(QueueUrl=url, MessageBody="an upload")

    assert check_dead_letter_queue(sqs, url) == ["messages in the dead-letter queue: 1, expected none"]
