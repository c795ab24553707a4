"""The embedded AWS: moto's services with a Lambda runner, for the stack of any template."""

from local.aws.embedded import EmbeddedAws

__all__ = ["EmbeddedAws"]
