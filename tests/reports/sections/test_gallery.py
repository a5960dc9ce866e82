from dataclasses import replace

from huebench.reports.blocks import Gallery

from ..conftest import found, section

METHODS = ("gray", "mean-ab", "pix2pix", "fusion", "oracle-lowres")


def galleries(results):
    return found(Gallery, section("gallery", results))


def tiles_of(results):
    return [[*gallery.given, *gallery.answers] for gallery in galleries(results)]


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
    photo = galleries(results)[0].photo
    images.loc[(images["photo"] == photo) & (images["method"] == "gray"), "picture"] = None
    images.loc[(images["photo"] == photo) & (images["method"] == "mean-ab"), ["picture", "status"]] = [
        None,
        "failed",
    ]
    lost = results.cells["method"] == "pix2pix"
    cells = results.cells.assign(status=results.cells["status"].mask(lost, "timeout"))
    partial = replace(results, images=images[images["method"] != "pix2pix"], cells=cells)
    tiles = next(gallery for gallery in galleries(partial) if gallery.photo == photo).answers
    said = {tile.label: tile.caption for tile in tiles if tile.path is None}
    assert said == {"gray": "not kept", "mean-ab": "failed", "pix2pix": "timeout"}


def test_the_first_of_several_seeds_is_shown(maker):
    results = maker.run(methods=("pix2pix",), seeds=(1, 0), pictures=True)
    results.images["picture"] = "seed" + results.images["seed"].astype("string") + ".png"
    assert tiles_of(results)[0][2].path.name == "seed0.png"
