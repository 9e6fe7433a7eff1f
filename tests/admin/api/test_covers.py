"""Covers by the interface: one's own, and anybody's for who manages people."""


def test_somebody_decides_in_ones_place_for_a_time(caller):
    mei, wong = caller("mei", "agent"), caller("wong", "agent")
    said = {"cover": "wong", "ends_at": "2999-01-01T00:00:00Z"}
    made = mei.post("/people/me/covers", said, 201)
    assert (made["person_key"], made["cover_key"]) == ("mei", "wong")
    assert made["valid_to"] == "2999-01-01T00:00:00Z"
    assert [one["id"] for one in wong.get("/people/me/covers")["result"]] == [made["id"]]
    assert mei.post("/people/me/covers", {"cover": "wong"}, 409)["error"]["code"] == "conflict"
    assert mei.post(f"/people/me/covers/{made['id']}/end")["valid_to"] < "2999"
    assert mei.get("/people/me/covers")["count"] == 0
    mei.post(f"/people/me/covers/{made['id']}/end", status=404)


def test_nobody_says_who_decides_in_the_place_of_others(caller, boss):
    caller("mei", "agent")
    wong = caller("wong", "agent")
    wong.post("/people/mei/covers", {"cover": "wong"}, 403)
    wong.get("/people/mei/covers", 404)
    boss.post("/people/mei/covers", {"cover": "wong"}, 201)


def test_a_time_without_a_zone_is_refused_at_its_field(caller):
    mei = caller("mei", "agent")
    caller("wong", "agent")
    refused = mei.post("/people/me/covers", {"cover": "wong", "ends_at": "2999-01-01T00:00:00"}, 422)
    assert refused["error"]["details"][0]["path"] == "ends_at"
