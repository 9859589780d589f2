"""Notices a model that was rolled back before, under another number."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from ..errors import first_line
from ..loading import predict
from ..platform.base import Platform
from ..project import Project
from ..registry import uri
from ..validation.candidate import Candidate, holdout
from .pause import rolled_back_versions

log = logging.getLogger(__name__)


def equal_to_rolled_back(project: Project, candidate: Candidate, platform: Platform, tags: Mapping[str, str]) -> str:
    """Return the rolled-back version that predicts the same as the candidate on its held-out rows, or "".

    A training on the same data gives the same model under another number. A rolled-back version that cannot be loaded
    any more predicts nothing, so it is left out.

    Args:
        project: The project.
        candidate: The version.
        platform: Reads its held-out rows.
        tags: The tags of the registered model.
    """
    versions = [version for version in rolled_back_versions(tags) if version != candidate.model_version]
    if not versions:
        return ""
    features, _, _ = holdout(candidate, project.config, platform)
    predicted = predict(candidate.model_uri, features)
    for version in versions:
        try:
            earlier = predict(uri(candidate.model_name, version), features)
        except Exception as error:  # noqa: BLE001 - whatever stops a consumer
            log.warning("version %s cannot be compared with: %s", version, first_line(error))
            continue
        if np.allclose(predicted, earlier, rtol=1e-9, atol=1e-12):
            return version
    return ""
