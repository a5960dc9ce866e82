from dataclasses import replace

from huebench.reports.blocks import Gallery, Prose

from ..conftest import found, section

METHODS = ("gray", "mean-ab", "pix2pix", "fusion", "oracle-lowres")


def photos_of(results):
    return [photo for gallery in found(Gallery, section("gallery", results)) for photo in gallery.photos]


def tiles_of(results):
    return [[*photo.given, *photo.answers] for photo in photos_of(results)]


def test_tiles_are_the_input_the_truth_and_every_method(maker):
    results = maker.run(methods=METHODS, pictures=True)
    tiles = tiles_of(results)[0]
    assert [tile.label for tile in tiles] == [
        "input",
        "truth",
        "gray",
        "mean-ab",
        "fusion",
        "pix2pix",
        "oracle-lowres",
    ]
    assert all(tile.path.is_file() for tile in tiles)
    assert tiles[2].caption.startswith("AuC 0.")


def test_a_method_without_a_picture_keeps_its_tile_and_says_why(maker):
    results = maker.run(methods=METHODS, pictures=True)
    images = results.images
    photo = photos_of(results)[0].name
    images.loc[(images["photo"] == photo) & (images["method"] == "gray"), "picture"] = None
    images.loc[(images["photo"] == photo) & (images["method"] == "mean-ab"), ["picture", "status"]] = [
        None,
        "failed",
    ]
    lost = results.cells["method"] == "pix2pix"
    cells = results.cells.assign(status=results.cells["status"].mask(lost, "timeout"))
    partial = replace(results, images=images[images["method"] != "pix2pix"], cells=cells)
    tiles = next(each for each in photos_of(partial) if each.name == photo).answers
    said = {tile.label: tile.caption for tile in tiles if tile.path is None}
    assert said == {"gray": "not kept", "mean-ab": "failed", "pix2pix": "timeout"}


def test_a_method_without_any_picture_is_left_out_and_counted(maker):
    results = maker.run(methods=METHODS, pictures=True)
    results.images.loc[results.images["method"] == "mean-ab", "picture"] = None
    shown = {tile.label for photo in photos_of(results) for tile in photo.answers}
    assert shown == set(METHODS) - {"mean-ab"}
    (said, *_) = found(Prose, section("gallery", results))
    assert "It lacks 1 method whose pictures were not kept." in str(said)


def test_the_first_of_several_seeds_is_shown(maker):
    results = maker.run(methods=("pix2pix",), seeds=(1, 0), pictures=True)
    results.images["picture"] = "seed" + results.images["seed"].astype("string") + ".png"
    assert tiles_of(results)[0][2].path.name == "seed0.png"


def test_every_kept_photo_is_shown_and_the_first_four_have_a_sheet(maker):
    results = maker.run(methods=METHODS, pictures=True, photos=8, near_grey=0.0)
    images = results.images
    images["picture"], images["truth_picture"] = "x.png", "y.png"
    photos = photos_of(results)
    assert {photo.name for photo in photos} == set(images["photo"])
    assert [photo.rank for photo in photos[:4]] == ["median", "best", "worst", "disputed"]
    assert [photo.name for photo in photos[4:]] == sorted(photo.name for photo in photos[4:])
    assert [photo.sheet is not None for photo in photos] == [True] * 4 + [False] * 4


def test_photos_drawn_at_random_say_so_and_have_no_scores(maker):
    results = maker.run(methods=METHODS, pictures=True, near_grey=0.0)
    metrics = tuple(metric for metric in results.run.metrics if metric.name == "fid")
    results = replace(results, run=replace(results.run, metrics=metrics))
    told = found(Prose, section("gallery", results))[0].text
    assert told.startswith(
        "Photos drawn at random from the 4 of 12 photos whose pictures were kept: no metric"
    )
    photos = photos_of(results)
    assert photos[0].title.startswith("First: im000")
    assert photos[0].note == "Drawn at random."
    assert {tile.caption for tile in photos[0].answers} == {""}
