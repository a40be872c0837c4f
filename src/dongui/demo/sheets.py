"""Sheets of paper before a camera: where each point of a flat or bent print falls in the picture.

Exact pinhole projection, so that print attacks can be made in memory, measured by species and repeated.
Lengths are millimetres on the paper, angles degrees; x points to the picture's right, y down, z away from
the camera. The picture plane is measured in millimetres at the sheet's distance, so that a flat sheet held
straight is shown at its own size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sheet"]

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet at ``distance_mm``, turned by ``yaw`` (positive: its face towards the picture's right).

    ``bend_radius_mm`` bends it into a part of a cylinder whose middle bulges towards the camera; ``None`` is
    flat. ``bend_axis`` is the cylinder's axis on the paper: ``vertical`` is how a print is bent to look like
    a head.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance_mm: float = 450.0
    bend_radius_mm: float | None = None
    bend_axis: Literal["vertical", "horizontal"] = "vertical"

    def to_picture(self, paper: Points) -> Points:
        """Project points of the paper, shape (n, 2) in mm from its middle, to the picture plane, (n, 2)."""
        along, across = self._split(paper)
        if self.bend_radius_mm is None:
            solid = np.stack([along, across, np.zeros_like(along)], axis=-1)
        else:
            angle = along / self.bend_radius_mm
            depth = self.bend_radius_mm * (1 - np.cos(angle))
            solid = np.stack([self.bend_radius_mm * np.sin(angle), across, depth], axis=-1)
        seen = self._unswap(solid) @ self._rotation().T
        return np.asarray(seen[..., :2] * (self.distance_mm / (seen[..., 2:] + self.distance_mm)))

    def to_paper(self, picture: Points) -> Points:
        """Follow the ray of each point of the picture plane, (n, 2), to the paper, (n, 2) in mm.

        A ray that misses the surface gives NaN; where it meets a bent sheet twice, the near side counts.
        """
        rotation = self._rotation()
        ray = np.concatenate([picture, np.full((*picture.shape[:-1], 1), self.distance_mm)], axis=-1)
        start = self._unswap(np.array([0.0, 0.0, -self.distance_mm]) @ rotation)
        ray = self._unswap(ray @ rotation)
        if self.bend_radius_mm is None:
            hit = start + ray * (-start[2] / ray[..., 2:])
            return self._join(hit[..., 0], hit[..., 1])
        hit = start + ray * _cylinder_distance(start, ray, self.bend_radius_mm)[..., None]
        along = self.bend_radius_mm * np.arctan2(hit[..., 0], self.bend_radius_mm - hit[..., 2])
        return self._join(along, hit[..., 1])

    def _rotation(self) -> Points:
        yaw, pitch, roll = np.radians([self.yaw, self.pitch, self.roll])
        about_y = np.array(
            [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]],
        )
        about_x = np.array(
            [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]],
        )
        about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        return np.asarray(about_z @ about_x @ about_y)

    def _split(self, paper: Points) -> tuple[Points, Points]:
        first, second = paper[..., 0], paper[..., 1]
        return (first, second) if self.bend_axis == "vertical" else (second, first)

    def _join(self, along: Points, across: Points) -> Points:
        pair = (along, across) if self.bend_axis == "vertical" else (across, along)
        return np.stack(pair, axis=-1)

    def _unswap(self, solid: Points) -> Points:
        """Exchange x and y for a horizontal axis: the cylinder's formulas then serve both."""
        return solid if self.bend_axis == "vertical" else solid[..., [1, 0, 2]]


def _cylinder_distance(start: Points, ray: Points, radius: float) -> Points:
    """How far along each ray the near side of the cylinder lies; NaN for a miss."""
    x, z = start[0], start[2] - radius
    square = ray[..., 0] ** 2 + ray[..., 2] ** 2
    half = x * ray[..., 0] + z * ray[..., 2]
    inside = half**2 - square * (x**2 + z**2 - radius**2)
    return np.asarray((-half - np.sqrt(np.where(inside >= 0, inside, np.nan))) / square)
