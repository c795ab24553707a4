"""What the scanner needs of the outside world: Protocols that aws/, match_api/ and rate_limiter/ implement.

Tests substitute a fake for each. Unless it says otherwise, a method raises DeferrableError where the other side is
throttled or unavailable, and RetryableError where a call failed.
"""
