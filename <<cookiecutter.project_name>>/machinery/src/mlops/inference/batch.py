"""Batch inference: searches the new part of the source for rows without a prediction, and scores them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from ..features.incremental import Span, wider
from .predictions import Between
from .quarantine import require_share
from .rows import Counts, Scorer
from .run_log import InferenceRuns, Scored, Seen
from .search import Search

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """One run of batch inference.

    Attributes:
        search: Reads the sources.
        scorer: Scores rows with the champion that was found at the start.
        runs: The record of runs.
    """

    search: Search
    scorer: Scorer
    runs: InferenceRuns

    def run(self, wanted: Span | None, most_rows: int) -> Scored:
        """Score the rows that need it, and record the run.

        Args:
            wanted: The rows that the user asked for, besides those that are new.
            most_rows: About how many source rows are scored in one go.

        Raises:
            ProjectError: A larger share of the rows than the configuration allows cannot be scored. The others are
                scored then, but the run is not recorded, so that the next one searches the same rows.
        """
        seen = self.search.seen()
        retry_hours = self.scorer.settings.inference.quarantine.retry_hours
        oldest = self.scorer.quarantine.oldest(self.search.now, retry_hours)
        span = wider(self.search.span(seen, self.runs.last(self.scorer.run), oldest), wanted)
        log.info("searching %s (%s)", _extent(span), span.reason)
        parts = [self.scorer.process(rows) for rows in self.search.rows(span.since, most_rows)]
        self.scorer.quarantine.release(self.scorer.run, span.since)
        return self._record_run(span, parts, seen)

    def _record_run(self, span: Span, parts: Sequence[Counts], seen: Mapping[str, Seen]) -> Scored:
        scorer, searched = self.scorer, sum(part.rows for part in parts)
        times = [part.between for part in parts if part.between is not None]
        between = reduce(Between.with_those, times) if times else None
        scored = sum(part.predictions for part in parts)
        if len(times) > 1 and between is not None:  # the times of several parts overlap
            scored = scorer.count_predictions(between)
        quarantined, reasons = scorer.quarantine.of_run(scorer.run)
        at_most = scorer.settings.inference.quarantine.at_most
        require_share(at_most, quarantined, searched, reasons, scorer.quarantine.name)
        done = Scored(
            scorer.run, scorer.champion, span, searched, scored, quarantined, reasons, between, self.search.now
        )
        self.runs.record(done, seen)
        log.info("version %s scored %d rows; %d in quarantine", scorer.champion.version, scored, quarantined)
        return done


def _extent(span: Span) -> str:
    return "all rows" if span.since is None else f"rows since {span.since:%Y-%m-%d %H:%M:%S}"
