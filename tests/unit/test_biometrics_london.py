"""On 51 people who agreed to be measured, the pipeline that ships keeps them apart as its point says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import operating_point
from dongui.biometrics.reference import take_reference
from simulators.biometric_data import london, view


@pytest.mark.slow
def test_the_point_counts_what_it_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Measured again, every count of the operating point comes out, and nobody is called wrongly."""
    instruments = Instruments.load(cache=tmp_path_factory.mktemp("models"), progress=lambda _: None)
    templates = {
        path.stem: take_reference(view(path), instruments=instruments).template.features for path in london()
    }
    point = operating_point("dlib-resnet-v1-london")
    counts = {"accepted": 0, "undetermined": 0, "rejected": 0, "mated undetermined": 0, "mated": 0}
    for (one, first), (other, second) in itertools.combinations(templates.items(), 2):
        distance = float(np.linalg.norm(first - second))
        mated = one.split("-")[0] == other.split("-")[0]
        between = point.mated_at_most < distance < point.non_mated_from
        counts["mated"] += mated
        counts["accepted"] += not mated and distance <= point.mated_at_most
        counts["rejected"] += mated and distance >= point.non_mated_from
        counts["undetermined"] += not mated and between
        counts["mated undetermined"] += mated and between
    everyone = point.everyone
    assert counts == {
        "accepted": everyone.non_mated_accepted,
        "undetermined": everyone.non_mated_undetermined,
        "rejected": everyone.mated_rejected,
        "mated undetermined": everyone.mated_undetermined,
        "mated": everyone.mated,
    }
    assert (everyone.non_mated_accepted, everyone.mated_rejected, everyone.not_acquired) == (0, 0, 0)
