"""From pixels to a decision: detection, landmarks, quality, attack detection, comparison."""
