"""Where the time of photos goes."""

from huebench.bench.colorize.stages import Total


def test_shares_add_up_to_the_photos_time():
    total = Total()
    total.add(2.0, {"decode": 0.5, "network": 1.0, "upsample": 0.2, "encode": 0.1})
    assert total.text(4.0) == ("0.25 photos/s: decode 25%, network 50%, upsample 10%, encode 5%, other 10%")


def test_without_a_photo_there_are_no_times():
    assert Total().text(1.0).startswith("no times: no photo was colorized")
