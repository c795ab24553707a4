"""The way to the service: what came of the canary's sample, or of one that the operator gives now."""

from collections.abc import Iterator
from datetime import datetime

from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Check, Finding, Level
from ops.guardctl.journal import Journal
from ops.guardctl.printing import format_age
from ops.guardctl.samples import Run, Samples
from photodna_guard.domain.canary import CanaryOutcome, Sample, SampleName

# The canary runs every hour. What is older by more was not sent on schedule.
_MAX_RUN_AGE_SECONDS = 3 * 3600.0
_LEVELS = {
    CanaryOutcome.TEST: Level.OK,
    CanaryOutcome.DEFERRED: Level.WARNING,
    CanaryOutcome.FAILED: Level.FAULT,
}


def check_canary(deployment: Deployment) -> Iterator[Finding]:
    """Say what came of the canary's last run."""
    samples = Samples(deployment.target)
    if not samples.describe(SampleName.SCHEDULED):
        yield Finding(
            Level.WARNING,
            "canary",
            "no sample is set: nobody knows whether the service takes the key and recognises anything",
            "guardctl canary set PICTURE --reason WHY, with a picture of Microsoft's sample set; or once: guardctl "
            "doctor --sample PICTURE",
        )
        return
    run = samples.last_run(SampleName.SCHEDULED)
    age = deployment.target.now() - datetime.fromisoformat(run.at).timestamp() if run else None
    if run is None or age is None or age > _MAX_RUN_AGE_SECONDS:
        yield Finding(
            Level.WARNING,
            "canary",
            f"ran {format_age(age)} ago" if run else "has not run yet",
            "guardctl canary run. If it does not run every hour, see the log of OnCanaryFunction",
        )
    if run:
        yield _judge(run)


def make_sample_check(sample: Sample) -> Check:
    """Return the check that sends this sample once, through the canary's function: doctor does not have the key."""

    def check(deployment: Deployment) -> Iterator[Finding]:
        target, samples = deployment.target, Samples(deployment.target)
        with Journal(target).recording("doctor sample", "guardctl doctor --sample", bytes=len(sample.picture)):
            samples.store(SampleName.TRIAL, sample)
            try:
                run = samples.run(SampleName.TRIAL)
            finally:
                samples.clear(SampleName.TRIAL)
        yield _judge(run)

    return check


def _judge(run: Run) -> Finding:
    # The second sentence of what is not right says what to do.
    what, _, mend = run.describe().partition(". ")
    return Finding(_LEVELS[run.outcome], "sample", what, mend)
