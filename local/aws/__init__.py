"""The embedded cloud: moto's S3, SQS, DynamoDB and so on with a Lambda runner, built from template.yaml."""

from local.aws.embedded import EmbeddedCloud, Endpoints

__all__ = ["EmbeddedCloud", "Endpoints"]
