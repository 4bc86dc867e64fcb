"""Ultralytics offline on the CPU: images and settings in temporary places, and `nms` by PyTorch.

`make ultralytics` installs the package and runs these tests; elsewhere they are skipped.
"""

from __future__ import annotations

import os
import tempfile

import pytest

# Read when the package is imported.
os.environ["YOLO_OFFLINE"] = "true"
os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp()


def register_nms() -> None:
    """torchvision's `nms` for a torchvision built for CUDA beside a PyTorch without: its library
    does not load, and its import fails for want of the operator."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", nms, "CPU")
    register_nms.library = library  # an operator lives as long as its library

    import torchvision.extension

    torchvision.extension._has_ops = lambda: True


def nms(boxes, scores, threshold):
    """The places of the boxes kept: the best first, and none that overlaps a better one."""
    import torch

    kept, rest = [], scores.argsort(descending=True)
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(best)
        shared = torch.minimum(boxes[best, 2:], boxes[rest, 2:]) - torch.maximum(
            boxes[best, :2], boxes[rest, :2]
        )
        shared = shared.clamp(min=0).prod(1)
        area, areas = ((b[..., 2:] - b[..., :2]).prod(-1) for b in (boxes[best], boxes[rest]))
        rest = rest[shared / (area + areas - shared) <= threshold]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.int64)


@pytest.fixture(scope="session")
def yolo_data(tmp_path_factory):
    """A directory with four images of 64 pixels, each with one red square, and their data.yaml."""
    import cv2
    import numpy as np

    directory, noise = tmp_path_factory.mktemp("squares"), np.random.default_rng(1)
    for part in ("images", "labels"):
        (directory / part).mkdir()
    for i in range(4):
        image = noise.integers(0, 255, (64, 64, 3)).astype("uint8")
        image[16:40, 16:40] = (0, 0, 255)
        cv2.imwrite(str(directory / "images" / f"{i}.png"), image)
        (directory / "labels" / f"{i}.txt").write_text("0 0.4375 0.4375 0.375 0.375\n")
    (directory / "data.yaml").write_text(
        f"path: {directory}\ntrain: images\nval: images\nnames: [square]\n"
    )
    return directory


@pytest.fixture(scope="session")
def ultralytics():
    register_nms()
    return pytest.importorskip("ultralytics")
