from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from huebench.reports.analysis.gallery import choose_photos
from huebench.reports.analysis.summary import summarize

from ..conftest import METRICS

METHODS = ("gray", "mean-ab", "pix2pix", "fusion", "oracle-lowres")


def gallery(results):
    return choose_photos(results, summarize(results))


def chosen(results):
    return list(gallery(results).photos)


def test_best_median_worst_and_most_disputed_by_auc_over_real_methods(maker):
    results = maker.run(methods=METHODS, pictures=True)
    kept = results.images[results.images["picture"].notna()]
    real = kept[kept["method"].isin(["pix2pix", "fusion"])].groupby("photo")["auc"]
    auc = real.mean().sort_values(ascending=False)
    photos = {photo.rank: photo.photo for photo in chosen(results)}
    assert photos["best"] == auc.index[0]
    assert photos["median"] == auc.index[2]
    assert photos["worst"] == auc.index[3]
    assert photos["disputed"] == auc.index[1], "the only one left"
    assert chosen(results)[1].score == auc.iloc[0]
    by_method = kept.groupby("method")["auc"].mean()
    assert gallery(results).best == by_method[["pix2pix", "fusion"]].idxmax()


def test_the_most_disputed_has_the_widest_gap_between_two_real_methods(maker):
    results = maker.run(methods=("gray", "pix2pix", "fusion"), photos=8, pictures=True, near_grey=0.0)
    images = results.images
    images["picture"] = "x.png"
    images["truth_picture"] = "y.png"
    middle = ["im0001.jpg", "im0003.jpg", "im0006.jpg"]
    images["auc"] = 0.8
    for photo, (best, worst) in zip(middle, ((0.81, 0.79), (0.9, 0.7), (0.85, 0.75)), strict=True):
        of_photo = images["photo"] == photo
        images.loc[of_photo & (images["method"] == "pix2pix"), "auc"] = best
        images.loc[of_photo & (images["method"] == "fusion"), "auc"] = worst
    images.loc[images["photo"] == "im0000.jpg", "auc"] = 0.9
    images.loc[images["photo"] == "im0007.jpg", "auc"] = 0.1
    photos = {photo.rank: photo for photo in chosen(results)}
    assert (photos["best"].photo, photos["worst"].photo) == ("im0000.jpg", "im0007.jpg")
    assert photos["disputed"].photo == "im0003.jpg"
    assert photos["disputed"].apart == ("pix2pix", "fusion")
    alone = maker.run(methods=("gray", "pix2pix"), pictures=True)
    assert all(photo.apart == () for photo in chosen(alone))


def test_near_grey_photos_are_left_out_unless_there_are_no_others(maker):
    results = maker.run(methods=METHODS, photos=4, pictures=True, near_grey=0.0)
    assert gallery(results).among == "the photos"
    most_disputed = chosen(results)[-1]
    assert most_disputed.rank == "disputed"
    grey = results.images["photo"] == most_disputed.photo
    results.images["near_grey"] = grey.astype("boolean").mask(results.images["method"] == "gray")
    assert most_disputed.photo not in {photo.photo for photo in chosen(results)}
    assert len(chosen(results)) == 3
    assert gallery(results).among == "the photos (without 1 near-grey, dark or flat)"
    results.images["near_grey"] = True
    assert len(chosen(results)) == 4
    assert gallery(results).among == "the photos"


def test_dark_and_flat_photos_come_last_unless_there_are_no_others(maker):
    results = maker.run(methods=METHODS, photos=4, pictures=True, near_grey=0.0)
    names = ["dark.png", "flat.png", "a.png", "b.png"]
    ramp = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3)
    for name, picture in zip(names, (0.2 * ramp, 100 + 0.05 * ramp, ramp, ramp[::-1]), strict=True):
        Image.fromarray(picture.astype(np.uint8)).save(maker.folder / name)
    results.images["truth_picture"] = results.images["photo"].map(
        dict(zip(results.images["photo"].unique(), names, strict=True))
    )
    choice = gallery(results)
    assert {photo.photo for photo in choice.photos} == {"im0002.jpg", "im0003.jpg"}
    assert [photo.photo for photo in choice.others] == ["im0000.jpg", "im0001.jpg"]
    results.images["truth_picture"] = "dark.png"
    assert len(gallery(results).photos) == 4


def test_the_number_of_photos_with_kept_pictures_is_shown(maker):
    results = maker.run(methods=METHODS, photos=1200, pictures=True, near_grey=0.0)
    assert gallery(results).among == "the 4 of 1,200 photos whose pictures were kept"


def test_baselines_are_shown_where_there_is_nothing_else(maker):
    assert len(chosen(maker.run(methods=("gray", "oracle-lowres"), pictures=True))) == 4


def test_nothing_is_chosen_without_pictures(maker):
    assert chosen(maker.run(methods=METHODS)) == []


def measured_by(results, *names):
    return replace(results, run=replace(results.run, metrics=tuple(m for m in METRICS if m.name in names)))


def test_another_metric_chooses_where_auc_was_not_measured(maker):
    results = maker.run(methods=METHODS, pictures=True, near_grey=0.0)
    assert chosen(measured_by(results, "ssim", "psnr"))[0].metric.name == "psnr", "a compared one first"
    error = results.images.assign(delta_e2000=1 - results.images["auc"])
    photos = chosen(measured_by(replace(results, images=error), "fid", "colorfulness", "delta_e2000"))
    by_auc = chosen(results)
    assert [photo.photo for photo in photos] == [photo.photo for photo in by_auc], "lower is better"
    assert photos[3].apart == by_auc[3].apart
    assert photos[1].score == pytest.approx(1 - by_auc[1].score)


def test_photos_are_drawn_where_no_metric_ranks_them(maker):
    results = measured_by(maker.run(methods=METHODS, pictures=True, near_grey=0.0), "fid", "colorfulness")
    results.images["picture"], results.images["truth_picture"] = "x.png", "y.png"
    choice = gallery(results)
    photos = {photo.rank: photo.photo for photo in choice.photos}
    assert list(photos) == ["first", "second", "third", "fourth"]
    assert len(choice.photos) + len(choice.others) == choice.kept == 12
    assert len({photo.photo for photo in (*choice.photos, *choice.others)}) == 12
    assert all(photo.apart == () and photo.metric is None for photo in choice.photos)
    shuffled = replace(results, images=results.images.sample(frac=1, random_state=1))
    assert {photo.rank: photo.photo for photo in chosen(shuffled)} == photos, "whatever the table's order"
    grey = results.images["photo"].isin(list(photos.values()))
    results.images["near_grey"] = grey
    assert not set(photos.values()) & {photo.photo for photo in chosen(results)}


def test_one_kept_photo_is_shown_once(maker):
    results = maker.run(methods=METHODS, pictures=True)
    others = results.images["photo"] != "im0001.jpg"
    images = results.images.assign(picture=results.images["picture"].mask(others))
    assert [photo.photo for photo in chosen(replace(results, images=images))] == ["im0001.jpg"]
