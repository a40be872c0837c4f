"""A small network: grey crop -> one heat map a point -> the heat map's mean place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dongui.biometrics.landmarks import CROP_SIZE, POINT_NAMES

_CELLS = CROP_SIZE // 4


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, value: Tensor) -> Tensor:
        return torch.relu(value + self.body(value))


def _step(narrow: int, wide: int, stride: int = 2) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(narrow, wide, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(wide),
        nn.ReLU(inplace=True),
    )


class Heatmaps(nn.Module):
    """(n, 1, 96, 96) uint8 values as float -> heat map logits (n, 26, 24, 24)."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Sequential(_step(1, 24), _step(24, 40), Residual(40))
        self.middle = nn.Sequential(_step(40, 72), Residual(72), Residual(72))
        self.deep = nn.Sequential(_step(72, 128), Residual(128), Residual(128))
        self.deep_up = nn.Conv2d(128, 72, 1)
        self.middle_out = Residual(72)
        self.middle_up = nn.Conv2d(72, 48, 1)
        self.entry_over = nn.Conv2d(40, 48, 1)
        self.out = nn.Sequential(Residual(48), nn.Conv2d(48, len(POINT_NAMES), 1))

    def forward(self, crop: Tensor) -> Tensor:
        mean = crop.mean((2, 3), keepdim=True)
        spread = (crop - mean).square().mean((2, 3), keepdim=True).sqrt()
        fine = self.entry((crop - mean) / (spread + 4.0))
        middle = self.middle(fine)
        deep = self.deep(middle)
        middle = self.middle_out(middle + nn.functional.interpolate(self.deep_up(deep), scale_factor=2.0))
        fine = self.entry_over(fine) + nn.functional.interpolate(self.middle_up(middle), scale_factor=2.0)
        return self.out(fine)


class Places(nn.Module):
    """Heat map logits -> places (n, 26, 2) in pixels of the crop."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cells", (torch.arange(_CELLS) + 0.5) * 4.0)

    def forward(self, logits: Tensor) -> Tensor:
        share = logits.flatten(2).softmax(-1).unflatten(2, (_CELLS, _CELLS))
        return torch.stack([(share.sum(2) * self.cells).sum(-1), (share.sum(3) * self.cells).sum(-1)], dim=-1)


class Landmarker(nn.Module):
    """What is exported: crop -> places."""

    def __init__(self, heatmaps: Heatmaps) -> None:
        super().__init__()
        self.heatmaps, self.places = heatmaps, Places()

    def forward(self, crop: Tensor) -> Tensor:
        return self.places(self.heatmaps(crop))
