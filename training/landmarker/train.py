"""Train the landmarker on people who do not exist, and write its weights.

    DONGUI_TEST_DATA=... python training/landmarker/train.py --minutes 10 --out landmarker.onnx

One seed draws everything. The result is the same bit for bit only on the same machine with the same torch
and the same number of steps, which the card records.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from augmentation import Canvas, canvas, sample
from network import Heatmaps, Landmarker, Places
from packing import pack
from people import digest, load
from torch import Tensor, nn

from dongui.biometrics.landmarks import CROP_SIZE

SEED = 20261122
BATCH = 32


def batch(
    canvases: list[Canvas], frontal: list[Canvas], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw half heads as they are, half prints, most of these from frontal pictures as prints are."""
    drawn = []
    for place in range(BATCH):
        shown_as_print = place % 2 == 1
        pool = frontal if shown_as_print and rng.random() < 0.7 else canvases
        drawn.append(sample(pool[rng.integers(len(pool))], rng, shown_as_print=shown_as_print))
    crops, points, weights = zip(*drawn, strict=True)
    return (
        torch.from_numpy(np.stack(crops)).unsqueeze(1).float(),
        torch.from_numpy(np.stack(points)),
        torch.from_numpy(np.stack(weights)),
    )


def loss_of(logits: Tensor, places: Tensor, points: Tensor, weights: Tensor) -> Tensor:
    """Distance of the mean place plus cross entropy with a small round hill at the exact place."""
    cells = logits.shape[-1]
    axis = (torch.arange(cells) + 0.5) * 4.0
    away_x = (axis[None, None, None, :] - points[:, :, 0, None, None]) / 4.0
    away_y = (axis[None, None, :, None] - points[:, :, 1, None, None]) / 4.0
    hill = torch.exp(-(away_x**2 + away_y**2) / 2).flatten(2)
    hill = hill / (hill.sum(-1, keepdim=True) + 1e-6)
    entropy = -(hill * logits.flatten(2).log_softmax(-1)).sum(-1)
    distance = nn.functional.smooth_l1_loss(places, points, beta=1.0, reduction="none").sum(-1)
    return (weights * (distance + 0.5 * entropy)).mean()


def train(minutes: float, steps: int | None) -> tuple[Heatmaps, int]:
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    torch.set_num_threads(1)  # repeatable, and no slower per core
    pictures = load()[0]
    canvases = [canvas(picture) for picture in pictures]
    frontal = [made for made, picture in zip(canvases, pictures, strict=True) if abs(picture.yaw) < 21]
    network, places = Heatmaps().to(memory_format=torch.channels_last), Places()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    start, step = time.monotonic(), 0
    while True:
        done = step / steps if steps else (time.monotonic() - start) / (minutes * 60)
        if done >= 1:
            return network, step
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * (1 + np.cos(np.pi * done)) / 2 + 1e-6
        crops, points, weights = batch(canvases, frontal, rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(crops.contiguous(memory_format=torch.channels_last))
        logits = logits.float()
        loss = loss_of(logits, places(logits), points, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        step += 1
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.3f} after {time.monotonic() - start:.0f} s", flush=True)


def export(network: Heatmaps, out: Path) -> None:
    model = Landmarker(network.eval())
    torch.onnx.export(
        model,
        (torch.zeros(1, 1, CROP_SIZE, CROP_SIZE),),
        str(out),
        input_names=["crop"],
        output_names=["places"],
        dynamo=False,
        opset_version=17,
    )
    packed = pack(onnx.load(out))
    packed.doc_string = ""
    onnx.save(packed, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--steps", type=int, default=None, help="instead of minutes: repeatable")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network, steps = train(arguments.minutes, arguments.steps)
    export(network, arguments.out)
    print(f"steps {steps}\ndata sha256 {digest()}")
    print(f"weights sha256 {hashlib.sha256(arguments.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
