"""A made-up run of any size, from a seed: what the runner would write, without running anything."""

import json
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage.data
from PIL import Image

from huebench.reports.analysis.material import Material
from huebench.reports.blocks import walk
from huebench.reports.tables import (
    ACCURACY_COLUMNS,
    CELL_COLUMNS,
    CURVE_COLUMNS,
    IMAGE_COLUMNS,
    MetricFacts,
    Results,
    RunFacts,
    typed,
)

FACTS = (
    MetricFacts("psnr", "PSNR", "dB", "higher", "peak signal-to-noise ratio", "IPOL 2022", "mean", ("psnr",)),
    MetricFacts("ssim", "SSIM", "", "higher", "structural similarity", "Wang 2004", "mean", ("ssim",)),
    MetricFacts(
        "colorfulness",
        "colorfulness",
        "",
        "target",
        "M3, the spread and mean of the opponent channels",
        "Hasler & Süsstrunk 2003, doi:10.1117/12.477378",
        "mean",
        ("colorfulness", "colorfulness_truth"),
    ),
    MetricFacts(
        "delta_colorfulness",
        "ΔCF",
        "",
        "lower",
        "|mean CF(pred) − mean CF(truth)| over the test set",
        "DDColor 2023",
        "mean_gap",
        ("colorfulness", "colorfulness_truth"),
    ),
    MetricFacts(
        "delta_colorfulness_per_image",
        "ΔCF per photo",
        "",
        "lower",
        "mean of |CF(pred) − CF(truth)|",
        "ours",
        "mean_absolute_difference",
        ("colorfulness", "colorfulness_truth"),
    ),
    MetricFacts(
        "accuracy@5", "acc@5", "", "higher", "share of pixels within 5", "ours", "mean", ("accuracy@5",)
    ),
    MetricFacts(
        "accuracy@10", "acc@10", "", "higher", "share of pixels within 10", "ours", "mean", ("accuracy@10",)
    ),
    MetricFacts("auc", "AuC", "", "higher", "raw accuracy", "Zhang 2016, table 1", "mean", ("auc",)),
    MetricFacts(
        "auc_rebalanced",
        "AuC rebalanced",
        "",
        "higher",
        "AuC, every pixel weighted by the inverse prior of its bin",
        "Zhang 2016, table 1",
        "pooled",
        ("auc_rebalanced", "auc_rebalanced_weight", "auc_rebalanced_weight_squares"),
    ),
    MetricFacts("delta_e2000", "ΔE2000", "", "lower", "CIEDE2000", "Sharma 2005", "mean", ("delta_e2000",)),
    MetricFacts("fid", "FID", "", "lower", "Fréchet distance", "Heusel 2017", "stored", ("fid",)),
    MetricFacts(
        "lpips",
        "LPIPS",
        "",
        "lower",
        "distance in the features of AlexNet",
        "Zhang 2018",
        "mean",
        ("lpips",),
        unavailable="weights not found: put alexnet-owt-7be5be79.pth into <weights>",
    ),
)

HEADLINE = (
    "psnr", "ssim", "colorfulness", "delta_colorfulness", "accuracy@5", "accuracy@10", "auc",
    "auc_rebalanced", "delta_e2000",
)  # fmt: skip

METRICS = tuple(
    replace(facts, headline=facts.name in HEADLINE, compared=facts.name in ("psnr", "auc", "auc_rebalanced"))
    for facts in FACTS
)

# name → family, oracle, parameters, how well it does (0 bad … 1 perfect), share of the truth's colorfulness
METHODS = {
    "gray": ("baseline", False, 0, 0.50, 0.0),
    "mean-ab": ("baseline", False, 2, 0.52, 0.2),
    "random-ab": ("baseline", False, 0, 0.30, 1.0),
    "oracle-lowres": ("baseline", True, 0, 0.90, 0.95),
    "oracle-roundtrip": ("baseline", True, 0, 0.99, 1.0),
    "color-transfer-reinhard": ("classical", False, 0, 0.40, 0.6),
    "color-transfer-welsh": ("classical", False, 0, 0.42, 0.8),
    "histogram-matching": ("classical", False, 0, 0.35, 0.3),
    "pixel-knn": ("classical", False, 0, 0.44, 0.5),
    "patch-som-knn": ("classical", False, 0, 0.48, 0.6),
    "patch-som-mlp": ("classical", False, 12_345, 0.49, 0.6),
    "encoder-decoder": ("deep", False, 6_219_410, 0.58, 0.5),
    "fusion": ("deep", False, 60_500_000, 0.60, 0.55),
    "pix2pix": ("deep", False, 54_410_000, 0.57, 0.9),
    "resnet34-classification": ("deep", False, 12_010_000, 0.59, 0.85),
    "resnet34-regression": ("deep", False, 9_410_000, 0.61, 0.5),
}


PHOTOS = (skimage.data.astronaut, skimage.data.coffee, skimage.data.chelsea, skimage.data.rocket)


@dataclass
class Maker:
    """Makes a run; every option has a default that suits a quick test.

    Attributes
    ----------
    folder
        Where kept pictures go.
    kept_photos, picture_size
        Of how many photos pictures are kept, if at all, and of how many pixels a side.
    """

    folder: Path
    kept_photos: int = 4
    picture_size: int = 96
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def run(
        self,
        methods: tuple[str, ...] = tuple(METHODS),
        photos: int = 12,
        seeds: tuple[int, ...] = (0,),
        categories: tuple[str, ...] = ("sea", "desert"),
        near_grey: float = 0.15,
        pictures: bool = False,
        failures: bool = False,
    ) -> Results:
        names = [f"im{i:04d}.jpg" for i in range(photos)]
        truth = self.rng.gamma(6, 6, photos)
        hardness = self.rng.normal(0, 0.06, photos)
        grey = self.rng.random(photos) < near_grey
        kinds = [categories[i % len(categories)] if categories else "" for i in range(photos)]
        kept = self._pictures(methods) if pictures else {}
        cells, images, curves, accuracy = [], [], [], []
        for method in methods:
            family, oracle, weights, skill, vivid = METHODS[method]
            for seed in seeds:
                cell = f"{method}-{seed}"
                quality = np.clip(skill - hardness + self.rng.normal(0, 0.02, photos), 0.02, 0.995)
                color = vivid * truth * self.rng.uniform(0.9, 1.1, photos)
                table = pd.DataFrame(
                    {
                        "cell": cell,
                        "method": method,
                        "seed": seed,
                        "photo": names,
                        "category": kinds,
                        "status": "ok",
                        "near_grey": grey,
                        "psnr": 14 + 16 * quality,
                        "ssim": 0.8 + 0.2 * quality,
                        "colorfulness": color,
                        "colorfulness_truth": truth,
                        "accuracy@5": 0.6 * quality,
                        "accuracy@10": 0.8 * quality,
                        "auc": 0.7 + 0.3 * quality,
                        "auc_rebalanced": 0.4 + 0.5 * quality,
                        "auc_rebalanced_weight": 1e6 * truth,
                        "auc_rebalanced_weight_squares": 1e8 * truth,
                        "delta_e2000": 14 * (1 - quality),
                    }
                )
                for photo, paths in kept.get(method, {}).items():
                    table.loc[photo, ["picture", "truth_picture", "input_picture"]] = paths
                images.append(table)
                accuracy.append(self._accuracy_curves(cell, method, seed, skill))
                cells.append(
                    {
                        "cell": cell,
                        "method": method,
                        "name": method,
                        "family": family,
                        "oracle": oracle,
                        "parameters": "{}",
                        "seed": seed,
                        "status": "ok",
                        "expected": photos,
                        "scored": photos,
                        "fit_seconds": weights / 1e5,
                        "images_per_second": float(self.rng.gamma(3, 40)),
                        "peak_memory_mb": 300 + weights / 5e4,
                        "parameter_count": weights,
                        "device": "cpu",
                        "threads": 2,
                        "warm_up_seconds": 0.25,
                        "notes": json.dumps({"backbone weights": "none"}) if family == "deep" else "{}",
                        "protocol": "5f2c9a0e11d4",
                        "fid": 80 * (1 - skill),
                    }
                )
                if family == "deep":
                    curves.append(self._curve(cell, method, seed))
        results = Results(
            self._facts(seeds, photos, methods),
            typed(pd.DataFrame(cells), CELL_COLUMNS),
            typed(pd.concat(images), IMAGE_COLUMNS),
            typed(pd.concat(curves) if curves else pd.DataFrame(columns=["cell"]), CURVE_COLUMNS),
            typed(pd.concat(accuracy), ACCURACY_COLUMNS),
            folder=self.folder,
        )
        return self._with_failures(results) if failures else results

    def _accuracy_curves(self, cell: str, method: str, seed: int, skill: float) -> pd.DataFrame:
        threshold = np.arange(151)
        curves = []
        for metric, slowness in (("auc", 6), ("auc_rebalanced", 14)):
            accuracy = 1 - np.exp(-(threshold + 1) / (slowness * (1.05 - skill)))
            curve = {"metric": metric, "threshold": threshold, "accuracy": accuracy}
            curves.append(pd.DataFrame({"cell": cell, "method": method, "seed": seed, **curve}))
        return pd.concat(curves)

    def _curve(self, cell: str, method: str, seed: int) -> pd.DataFrame:
        epoch = np.arange(1, 11)
        rows = []
        for split, offset in (("train", 0.0), ("validation", 0.03)):
            loss = 0.05 + 0.2 * np.exp(-epoch / 3) + offset + self.rng.normal(0, 0.004, 10)
            accuracy = 0.55 - 0.3 * np.exp(-epoch / 4) - offset
            rows.append(
                pd.DataFrame(
                    {
                        "cell": cell,
                        "method": method,
                        "seed": seed,
                        "epoch": epoch,
                        "split": split,
                        "loss": loss,
                        "accuracy": accuracy,
                    }
                )
            )
        return pd.concat(rows)

    def _pictures(self, methods: tuple[str, ...]) -> dict[str, dict[int, list[str]]]:
        """Keep real photos and made-up answers for the first photos of the run."""
        kept: dict[str, dict[int, list[str]]] = {method: {} for method in methods}
        for number, load in enumerate(islice(cycle(PHOTOS), self.kept_photos)):
            photo = Image.fromarray(load()).resize((self.picture_size,) * 2)
            grey = photo.convert("L").convert("RGB")
            self._keep(photo, truth := f"pictures/truth/{number}.png")
            self._keep(grey, given := f"pictures/input/{number}.png")
            for method in methods:
                answer = Image.blend(grey, photo, METHODS[method][4] * 0.9)
                self._keep(answer, path := f"pictures/{method}/{number}.png")
                kept[method][number] = [path, truth, given]
        return kept

    def _keep(self, picture: Image.Image, path: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target)

    def _facts(self, seeds: tuple[int, ...], photos: int, methods: tuple[str, ...]) -> RunFacts:
        return RunFacts(
            command=f"bench run --methods {' '.join(methods[:2])} --dataset folder:/data/photos",
            started="2025-01-31T12:00:00+00:00",
            seconds=321.5,
            dataset={
                "name": "landscapes",
                "summary": "4,319 landscape photographs",
                "fingerprint": "9f86d081884c7d659a2feaa0c55ad015",
                "licence": "CC BY 2.0",
                "source": "https://example.org/landscapes",
                "splits": "4,200 for training and validation, 119 for test, by content hash",
                "caveat": "Some photos are near-grey or bordered.",
                "photos": {"train": 3780, "validation": 420, "test": photos},
            },
            protocol={
                "size": 256,
                "resize": "squash",
                "grey": "CIE L*",
                "luminance": "replaced by the input's",
                "save": "uint8",
            },
            protocol_digest="5f2c9a0e11d4",
            metrics=METRICS,
            versions={"huebench": "0.1.0", "numpy": "2.4.6", "torch": "2.15.0"},
            machine={"processor": "Xeon", "cores": "2", "memory": "24 GiB", "system": "Linux"},
            options={
                "seeds": list(seeds),
                "budget": "quick",
                "device": "cpu",
                "jobs": 1,
                "limit": None,
                "split": "test",
            },
        )

    def _with_failures(self, results: Results) -> Results:
        """Let the last method fail in training, and the one before lose a photo and run out of time."""
        cells, images = results.cells.copy(), results.images.copy()
        late, lost = cells["cell"].iloc[-2], cells["cell"].iloc[-1]
        failed = ["failed", "fit", "ValueError: loss is nan | at epoch 3 <b>"]
        cells.loc[cells["cell"] == lost, ["status", "phase", "reason"]] = failed
        cells.loc[cells["cell"] == lost, ["scored", "images_per_second", "fid"]] = [0, pd.NA, pd.NA]
        timeout = ["timeout", "colorize", "over the limit of 60 s"]
        cells.loc[cells["cell"] == late, ["status", "phase", "reason"]] = timeout
        images = images[images["cell"] != lost]
        unscored = (images["cell"] == late) & images["photo"].isin(images["photo"].unique()[-2:])
        cells.loc[cells["cell"] == late, "scored"] -= 2
        images.loc[unscored, ["status", "reason"]] = ["failed", "not reached"]
        images.loc[unscored, images.columns[len(IMAGE_COLUMNS) :]] = pd.NA
        return replace(results, cells=cells, images=images)


def section(name, results):
    """Return a section's blocks."""
    return import_module(f"huebench.reports.sections.{name}").blocks(Material(results))


def found(kind, blocks):
    """Return the blocks of a kind, those that are folded away too."""
    return [block for block in walk(blocks) if isinstance(block, kind)]


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)
