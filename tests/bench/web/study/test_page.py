import json
import shutil

import pytest

pytest.importorskip("flask", reason="needs the extra 'study'")


def test_everybody_is_led_through_practice_and_trials_to_the_result(participant):
    assert participant.state == {"practice": 2, "trials": 4, "next": 1}
    for number, fooled in enumerate((True, False), 1):
        state = participant.answer(fooled=fooled)
        assert state == {"practice": 2, "trials": 4, "next": number + 1, "correct": not fooled}
    for number, fooled in enumerate((True, False, True), 3):
        assert participant.answer(fooled=fooled) == {"practice": 2, "trials": 4, "next": number + 1}
    assert participant.answer(fooled=True) == {"practice": 2, "trials": 4, "next": None, "fooled": 3}
    assert participant.http.get("/state").get_json() == participant.state | {"next": None}


def test_the_page_names_the_exposure_and_loads_nothing_from_outside(make_run, make_app_of):
    page = make_app_of(make_run(), exposure=0.5).test_client().get("/")
    assert "shown for 0.5 seconds" in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")


def test_nothing_tells_real_from_colorized_before_the_answer(participant):
    """But for the pixels, of course: no address, header or answer does."""
    for _ in range(6):
        number = participant.state["next"]
        left, right = (participant.http.get(f"/trials/{number}/{side}") for side in ("left", "right"))
        headers = [[(k, v) for k, v in r.headers if k != "Content-Length"] for r in (left, right)]
        assert headers[0] == headers[1]
        assert {name for name, _ in headers[0]}.isdisjoint({"ETag", "Last-Modified", "Content-Disposition"})
        assert left.headers["Cache-Control"] == "no-store"
        assert json.dumps(participant.http.get("/state").get_json()).count("left") == 0
        participant.answer(fooled=False)


def test_participants_do_not_meet(make_run, make_app_of, join, read_table):
    results = make_run()
    app = make_app_of(results)
    first, second = join(app).start(), join(app).start()
    assert first.id != second.id
    first.answer(fooled=False)
    assert first.http.get("/state").get_json()["next"] == 2
    assert second.http.get("/state").get_json()["next"] == 1
    assert set(read_table(results, "participants")["id"]) == {first.id, second.id}


def test_a_participant_goes_on_after_the_server_was_started_again(make_run, make_app_of, join):
    results = make_run()
    before = join(make_app_of(results)).start()
    before.answer(fooled=False)
    after = join(make_app_of(results))
    after.http.set_cookie("participant", before.id)
    assert after.http.get("/state").get_json()["next"] == 2


def test_the_cookie_is_kept_from_scripts_and_other_sites(make_run, make_app_of):
    response = make_app_of(make_run()).test_client().post("/participants")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_without_a_cookie_there_is_nothing_to_see_or_to_answer(make_run, make_app_of, join):
    somebody = join(make_app_of(make_run()))
    assert somebody.http.get("/state").get_json() is None
    assert somebody.http.get("/trials/1/left").status_code == 401
    assert somebody.say("left", number=1).status_code == 401


@pytest.mark.parametrize("forged", ["x", "", "' OR '1'='1", "0" * 32, "../../etc/passwd"])
def test_a_forged_participant_is_unknown(participant, forged):
    participant.http.set_cookie("participant", forged)
    assert participant.http.get("/state").get_json() is None
    assert participant.http.get("/trials/1/left").status_code == 401
    assert participant.say("left", number=1).status_code == 401


@pytest.mark.parametrize("side", ["answer", "Left", "left.png", "real", "..", "%2e%2e", "left%00"])
def test_only_left_and_right_are_pictures(participant, side):
    assert participant.http.get(f"/trials/1/{side}").status_code in (308, 404, 405)


@pytest.mark.parametrize("number", [0, 2, 6, 7, 10**30, -1, "1e0", "one"])
def test_only_the_next_pictures_are_shown(participant, number):
    assert participant.http.get(f"/trials/{number}/left").status_code == 404


def test_pictures_are_gone_once_everything_is_answered(participant):
    for _ in range(6):
        participant.answer(fooled=False)
    assert participant.http.get("/trials/6/left").status_code == 404
    assert participant.http.get("/trials/7/left").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/../run.json",
        "/static/../page.py",
        "/static/%2e%2e/page.py",
        "/static/..%2fpage.py",
        "/static//etc/passwd",
        "/trials/1/../../run.json",
        "/trials/1/..%2f..%2frun.json",
        "/run.json",
        "/study.sqlite",
        "/pictures/truth/0.png",
    ],
)
def test_no_url_leads_out_of_the_served_pictures(participant, address):
    response = participant.http.get(address)
    assert response.status_code in (308, 400, 404)
    assert b"protocol" not in response.data


@pytest.mark.parametrize("escape", ["../secret.png", "/{folder}/../secret.png", "link.png"])
def test_a_run_that_names_files_outside_of_it_shows_none_of_them(make_run, make_app_of, join, escape):
    results = make_run()
    shutil.copy(results.folder / "pictures/truth/0.png", secret := results.folder.parent / "secret.png")
    (results.folder / "link.png").symlink_to(secret)
    results.images["picture"] = results.images["truth_picture"] = escape.format(folder=results.folder)
    somebody = join(make_app_of(results)).start()
    assert somebody.http.get("/trials/1/left").status_code == 404
    assert somebody.http.get("/trials/1/right").status_code == 404


def test_a_picture_that_is_gone_is_not_found(make_run, make_app_of, join):
    results = make_run()
    somebody = join(make_app_of(results)).start()
    shutil.rmtree(results.folder / "pictures")
    assert somebody.http.get("/trials/1/left").status_code == 404


def test_a_second_submission_changes_nothing(participant):
    participant.answer(fooled=False)
    for side in ("left", "right"):
        assert participant.say(side, number=1).status_code == 409
    assert participant.http.get("/state").get_json()["next"] == 2


@pytest.mark.parametrize("number", [2, 3, 6, 7, 0, 10**30])
def test_trials_are_answered_in_their_order(participant, number):
    assert participant.say("left", number=number).status_code in (404, 409)
    assert participant.http.get("/state").get_json()["next"] == 1


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        "left",
        {"answer": "left"},
        {"answer": "both", "seconds": 1, "shown": 1},
        {"answer": ["left"], "seconds": 1, "shown": 1},
        {"answer": "left", "seconds": -1, "shown": 1},
        {"answer": "left", "seconds": "1", "shown": 1},
        {"answer": "left", "seconds": 1, "shown": True},
        {"answer": "left", "seconds": 1, "shown": 1, "real_side": "left"},
    ],
)
def test_an_answer_of_another_form_is_refused(participant, content):
    assert participant.http.post("/trials/1", json=content).status_code == 400
    assert participant.http.get("/state").get_json()["next"] == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_times_that_are_not_numbers_are_refused(participant, number):
    data = f'{{"answer": "left", "seconds": {number}, "shown": 1}}'
    response = participant.http.post("/trials/1", data=data, content_type="application/json")
    assert response.status_code == 400


def test_a_form_of_another_site_is_refused(participant):
    # A browser sends forms across sites without asking first, but no JSON.
    response = participant.http.post("/trials/1", data={"answer": "left"})
    assert response.status_code == 415


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.1"])
def test_on_loopback_other_names_are_refused(participant, host):
    # A name of somebody else's that is made to point here (DNS rebinding).
    assert participant.http.get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "localhost"])
def test_on_loopback_its_own_names_are_known(participant, host):
    assert participant.http.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["::1", "127.0.0.2", "localhost"])
def test_every_loopback_address_refuses_other_names(make_run, make_app_of, join, host):
    app = make_app_of(make_run(), host=host)
    assert join(app).http.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert join(app).http.get("/", headers={"Host": "[::1]:8000"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  # it is only said so
def test_posts_of_another_site_are_refused(make_run, make_app_of, join, host):
    http = join(make_app_of(make_run(), host=host)).http
    assert http.post("/participants", headers={"Origin": "http://evil.example"}).status_code == 403
    assert http.post("/participants", headers={"Origin": "null"}).status_code == 403
    assert http.post("/participants", headers={"Origin": "http://localhost"}).status_code == 200


def test_a_large_body_is_refused(participant):
    data = '{"answer": "left", "seconds": 1, "shown": 1, "more": "' + "x" * 10_000 + '"}'
    response = participant.http.post("/trials/1", data=data, content_type="application/json")
    assert response.status_code == 413
