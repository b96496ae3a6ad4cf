"""A survey grades what the hub heard, keeps each place at once, and draws a plan that needs no colours."""

import xml.etree.ElementTree as ET

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.jobs import survey

PLACES = "place,x_m,y_m,what\nBalai,0,0,gateway\nRumah 01,30,10,\nRumah <02>,80,-20,tempat\nPos,60,40,pos\n"


def alarm(snr_q, hops=0):
    return {"gateway": "gateway-1", "rssi": -88, "snr_q": snr_q, "hops": hops}


def places_of(tmp_path, text=PLACES):
    (tmp_path / "places.csv").write_text(text)
    return survey.read_places(tmp_path / "places.csv")


@pytest.mark.parametrize(
    ("preset", "snr_db", "word"),
    [
        ("ShortSlow", 2, "kuat"),
        ("ShortSlow", 1.75, "cukup"),
        ("ShortSlow", -4, "cukup"),
        ("ShortSlow", -4.25, "lemah"),
        ("MediumFast", -0.5, "kuat"),
        ("ShortFast", 2, "cukup"),
    ],
)
def test_the_grade_follows_the_margin_above_what_the_preset_decodes(preset, snr_db, word):
    assert survey.grade(alarm(round(snr_db * 4)), preset)[1] == word


def test_silence_is_a_result_of_its_own():
    assert survey.grade(None, "ShortSlow") == (None, "diam")
    assert survey.heard_at("Rumah 01", None, "ShortSlow").grade == "diam"


def test_results_survive_an_interruption(tmp_path):
    path = tmp_path / "hasil.csv"
    results = {
        "Rumah 01": survey.heard_at("Rumah 01", alarm(40, 1), "ShortSlow"),
        "Rumah 02": survey.heard_at("Rumah 02", None, "ShortSlow"),
    }
    survey.write_results(path, results)
    assert survey.read_results(path) == results
    assert survey.read_results(tmp_path / "none.csv") == {}
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ToolError, match="no result of a survey"):
        survey.read_results(path)


def test_the_plan_shows_every_place_with_word_and_shape(tmp_path):
    places = places_of(tmp_path)
    results = {
        "Rumah 01": survey.heard_at("Rumah 01", alarm(40, 1), "ShortSlow"),
        "Rumah <02>": survey.heard_at("Rumah <02>", None, "ShortSlow"),
    }
    text = survey.plan(places, results, "RT 05 & tetangga", "ShortSlow")
    root = ET.fromstring(text)
    words = " ".join("".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text"))
    for word in (
        "RT 05 & tetangga",
        "Rumah 0120 (1 hop)",
        "Rumah <02>",
        "Balai",
        "sinyal kuat: 1",
        "tidak terdengar: 1",
        "not heard",
    ):
        assert word in words, word
    _, _, width, height = map(float, root.get("viewBox").split())
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(one.get("x")) <= width and 0 <= float(one.get("y")) <= height


def test_shapes_differ_where_colours_may_not_be_seen():
    shapes = [shape for *_, shape in survey.GRADES.values()]
    assert len(set(shapes)) == len(shapes) == len({survey.mark(shape, 0, 0, "#000") for shape in shapes})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place,a,b\na,1,2\n", "unknown column 'a'"),
        ("place,x_m,y_m\n", "0 places"),
        ("place,x_m,y_m\na,satu,2\n", "places.csv:2: satu: give a place"),
        ("place,x_m,y_m\na,1\n", "places.csv:2"),
        ("place,x_m,y_m\na,nan,2\n", "places.csv:2: nan"),
        ("place,x_m,y_m,what\na,1,2,kandang\n", "places.csv:2: a place of its own name"),
        ("place,x_m,y_m\na,1,2\na,3,4\n", "places.csv:3"),
    ],
)
def test_a_list_of_places_that_is_wrong_names_its_line(tmp_path, text, said):
    with pytest.raises(ToolError, match=said):
        places_of(tmp_path, text)
