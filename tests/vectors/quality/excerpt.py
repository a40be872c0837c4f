"""Cut the mappings' test values out of OFIQ's expected results.

    python tests/vectors/quality/excerpt.py expected_results.csv > tests/vectors/quality/ofiq-1.0.3.csv

Of every component that is measured here: each of the 28 pictures' native value and scalar, as printed there.
"""

import csv
import sys
from pathlib import Path

NAMES = {
    "illumination-uniformity": "IlluminationUniformity",
    "luminance-mean": "LuminanceMean",
    "luminance-variance": "LuminanceVariance",
    "under-exposure-prevention": "UnderExposurePrevention",
    "over-exposure-prevention": "OverExposurePrevention",
    "dynamic-range": "DynamicRange",
    "natural-colour": "NaturalColour",
    "single-face-present": "SingleFacePresent",
    "eyes-open": "EyesOpen",
    "inter-eye-distance": "InterEyeDistance",
    "head-size": "HeadSize",
    "leftward-crop": "LeftwardCropOfTheFaceImage",
    "rightward-crop": "RightwardCropOfTheFaceImage",
    "margin-above": "MarginAboveOfTheFaceImage",
    "margin-below": "MarginBelowOfTheFaceImage",
    "head-pose-yaw": "HeadPoseYaw",
    "head-pose-pitch": "HeadPosePitch",
    "head-pose-roll": "HeadPoseRoll",
}


def main() -> None:
    """Print the excerpt."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("component", "picture", "native", "scalar"))
    for name, column in NAMES.items():
        for row in rows:
            picture = row["Filename"].rsplit("/", 1)[-1].removesuffix(".png")
            writer.writerow((name, picture, row[column], row[f"{column}.scalar"]))


if __name__ == "__main__":
    main()
