"""Protocols with a name: frozen choices that others can cite, each with its source.

Add one by adding a `Preset` to `PRESETS`; a test then asks for its digest, which is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from ...plugins import Registry
from .protocol import Protocol

OURS = "ours"
"""The reason for a choice about which the source says nothing."""


@dataclass(frozen=True)
class Preset:
    """A protocol that a paper or a repository uses.

    Attributes
    ----------
    name
        As typed after ``--protocol``.
    summary
        What it is, in one line.
    source
        The paper, and the repository whose code was read.
    protocol
        The choices.
    taken_from
        Field of `Protocol` → where its value stands: a file of the repository, unless said otherwise. All
        other fields are ours.
    differs
        Parts of the source's evaluation that are not reproduced.
    hints
        How ``--hints`` draws: a name in `huebench.bench.protocol.hints.HINTS`. Without that option no hints
        are given, so it is not among the choices of `protocol`.
    """

    name: str
    summary: str
    source: str
    protocol: Protocol
    taken_from: Mapping[str, str]
    differs: str = ""
    hints: str = "huebench"

    def reason(self, field: str) -> str:
        """Return where a field's value was taken from."""
        return self.taken_from.get(field, OURS)


DEFAULT = "huebench"

DDCOLOR = "Kang et al. 2023, ICCV (DDColor), arXiv:2212.11613; github.com/piddnad/DDColor"

IN_DDCOLOR = {
    "size": "options/train/train_ddcolor.yml, val: gt_size 256",
    "grey": "basicsr/data/transforms.py: L of skimage's rgb2lab",
    "merge": "basicsr/models/color_model.py: the input's L, the predicted ab",
    "save": "basicsr/utils/img_util.py, tensor2img: 255 times, rounded",
    "truth": "basicsr/models/color_model.py: the resized photo",
    "metrics": "the paper, Table 1; basicsr/metrics/colorfulness.py: of absolute values",
}

PRESETS = (
    Preset(
        name=DEFAULT,
        summary="This project's own; --size, --resize and --metrics may change it",
        source="docs/guides/protocol.md",
        protocol=Protocol(),
        taken_from={},
    ),
    Preset(
        name="zhang2016",
        summary="Raw and rebalanced accuracy (AuC) and VGG top-1, as in Table 1 of the paper",
        source="Zhang, Isola and Efros 2016, arXiv:1603.08511; github.com/richzhang/colorization",
        protocol=Protocol(
            size=256,
            resize="squash",
            interpolation="bicubic",
            save="truncate",
            metrics=("auc", "auc_rebalanced", "vgg_top1"),
        ),
        taken_from={
            "size": "colorizers/util.py, resize_img: 256 × 256",
            "resize": "colorizers/util.py, resize_img: the aspect is not kept",
            "interpolation": "colorizers/util.py, resize_img: Pillow's resample=3",
            "grey": "colorizers/util.py: L of skimage's rgb2lab",
            "merge": "colorizers/util.py: the original's L, the predicted ab",
            "save": "colorize.py: 255 times the clipped RGB, cast to uint8",
            "metrics": "the paper, Table 1",
        },
        differs="the paper does not say at which size, and whether from floats or from 8 bits, it computed "
        "its AuC; its prior of colours is ImageNet's, here it is that of the training photos",
    ),
    Preset(
        name="ct2",
        summary="SSIM, PSNR and colorfulness of JPEG files against JPEG files",
        source="Weng et al. 2022, ECCV (CT2); github.com/shuchenweng/CT2",
        protocol=Protocol(
            size=256,
            resize="center-crop",
            interpolation="bilinear",
            save="truncate-jpeg",
            truth="jpeg",
            metrics=("psnr", "ssim_uniform_225", "colorfulness_abs", "fid"),
        ),
        taken_from={
            "size": "README: 256 × 256",
            "resize": "segm/data/coco.py: CenterCrop to the shorter side, then Resize",
            "interpolation": "segm/data/coco.py: torchvision's Resize of a PIL image",
            "grey": "segm/data/coco.py: L of skimage's rgb2lab",
            "merge": "segm/engine.py, save_imgs: the input's L, the predicted ab",
            "save": "segm/engine.py, save_imgs: cast to uint8, saved under the photo's name, .JPEG",
            "truth": "segm/metrics.py: files of the predictions' names and size, so .JPEG",
            "metrics": "segm/metrics.py (data_range=225) and segm/eval_colorfullness.py",
        },
        differs="its truths' JPEG quality is not stated (ours: 75, that of the predictions); its FID uses "
        "torchvision's Inception, its LPIPS VGG; its 'convert' columns compare with the truth through Lab",
    ),
    Preset(
        name="bigcolor",
        summary="FID and colorfulness of JPEG files, colorized from Rec. 601 luma",
        source="Kim et al. 2022, ECCV (BigColor); github.com/KIMGEONUNG/BigColor",
        protocol=Protocol(
            size=256,
            resize="center-crop",
            interpolation="bilinear",
            grey="luma-as-lightness",
            save="truncate-jpeg",
            metrics=("fid", "colorfulness_abs", "psnr"),
        ),
        taken_from={
            "size": "utils/common_utils.py, prepare_dataset: 256",
            "resize": "utils/common_utils.py, prepare_dataset: Resize of the shorter side, then CenterCrop",
            "interpolation": "utils/common_utils.py, prepare_dataset: torchvision's Resize",
            "grey": "colorize.py, fusion: torchvision's Grayscale, times 100",
            "merge": "colorize.py, fusion: that L, the ab of the network's RGB",
            "save": "colorize.py, main: ToPILImage, then .jpg",
        },
        differs="its scripts take photos at the size of the files; the preparation is that of its training. "
        "Its colorfulness program is not in the repository (ours: the variant that its tables' peers use)",
    ),
    Preset(
        name="ddcolor",
        summary="FID, colorfulness, ΔCF and PSNR, as in Table 1 of the paper for ImageNet val5k",
        source=DDCOLOR,
        protocol=Protocol(
            size=256,
            resize="center-crop",
            interpolation="bilinear",
            metrics=("fid", "colorfulness_abs", "delta_colorfulness_abs", "psnr"),
        ),
        taken_from={
            **IN_DDCOLOR,
            "resize": "its author in the repository's issue 9: for val5k centre-cropped and resized, as CT2",
            "interpolation": "issue 9, as CT2: torchvision's Resize of a PIL image",
        },
        differs="its FID uses torchvision's Inception",
    ),
    Preset(
        name="ddcolor-squash",
        summary="The same for the paper's other sets (ImageNet val50k, COCO-Stuff, ADE20K)",
        source=DDCOLOR,
        protocol=Protocol(
            size=256,
            resize="squash",
            interpolation="bilinear-aliased",
            metrics=("fid", "colorfulness_abs", "delta_colorfulness_abs", "psnr"),
        ),
        taken_from={
            **IN_DDCOLOR,
            "resize": "its author in the repository's issue 9, and basicsr/data/lab_dataset.py: squashed",
            "interpolation": "basicsr/data/lab_dataset.py: cv2.resize with its default",
        },
        differs="the repository keeps the resized photo in floats where ours is 8-bit; its FID uses "
        "torchvision's Inception",
    ),
    Preset(
        name="icolorit",
        summary="PSNR of at most 50 dB at 224 pixels, without grey photos",
        source="Yun et al. 2023, WACV (iColoriT), arXiv:2207.06831; github.com/pmh9960/iColoriT",
        protocol=Protocol(
            size=224,
            resize="squash",
            interpolation="bilinear",
            near_grey="left-out",
            metrics=("psnr_capped",),
        ),
        taken_from={
            "size": "infer.py: input_size 224; evaluation/evaluate.py: Resize((224, 224))",
            "resize": "evaluation/evaluate.py: Resize((224, 224)), the aspect is not kept",
            "interpolation": "datasets.py: torchvision's Resize of a PIL image",
            "grey": "utils.py, rgb2lab: L of the CIE formulas, D65",
            "merge": "infer.py: the input's L, the predicted ab",
            "save": "infer.py: torchvision's save_image, which rounds, as PNG",
            "near_grey": "evaluation/evaluate.py: photos in gray_file_list_txt are left out",
            "metrics": "utils.py, psnr: MSE of at least 1e-5, per photo, then the mean",
        },
        differs="its list of grey photos is ImageNet's; here photos without |a*| or |b*| > 5 are left out. "
        "Its LPIPS feeds VGG 0…1 where −1…1 is meant. Hints are given with --hints only; its files of points "
        "are replaced by points drawn alike",
        hints="icolorit",
    ),
    Preset(
        name="ideepcolor",
        summary="PSNR by number of hints at 256 pixels; give --hints 0,1,2,5,10,20,50,100,200",
        source="Zhang, Zhu et al. 2017, SIGGRAPH, arXiv:1705.02999",
        protocol=Protocol(size=256, resize="squash", metrics=("psnr",)),
        taken_from={
            "size": "the paper's evaluation: 256 × 256",
            "resize": "the paper's evaluation: stretched",
            "metrics": "the paper's evaluation: PSNR by the number of points",
        },
        differs="its 1,000 photos are of ImageNet; its 26 counts go from 0 to 501, any may be given here",
        hints="ideepcolor",
    ),
)
"""The table of all named protocols."""

presets = Registry[Preset]("protocol")
for _preset in PRESETS:
    presets.register(_preset.name, _preset)


def name_of(protocol: Protocol, base: str) -> str:
    """Return the name by which a protocol may be cited: a preset's, or that with its changed fields.

    >>> name_of(Protocol(), "huebench"), name_of(Protocol(size=64), "huebench")
    ('huebench', 'huebench, changed: size')
    """
    original = presets.get(base).protocol
    # Hints are drawn as the preset draws them, or not at all.
    names = [field.name for field in fields(Protocol) if field.name != "hints"]
    changed = [name for name in names if getattr(protocol, name) != getattr(original, name)]
    return f"{base}, changed: {', '.join(changed)}" if changed else base
