"""Port of the canary: where its sample is, and where its runs are recorded."""

from typing import Protocol

from photodna_guard.domain.canary import CanaryRun, Sample, SampleName


class CanaryStore(Protocol):
    """The sample and its last run."""

    def read_sample(self, name: SampleName) -> Sample | None:
        """Return the sample; None where the operator has set none."""

    def record_run(self, name: SampleName, run_id: str, run: CanaryRun) -> None:
        """Record the last run. `run_id`: what started it, so that who waits for it knows it."""
