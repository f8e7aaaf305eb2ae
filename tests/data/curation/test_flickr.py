"""Searches on a loopback server that speaks Flickr's protocol, on a clock that tests can wind."""

import email.utils
import io
import time
from types import SimpleNamespace

import numpy as np
import pytest
from made_flickr import KEY, FlickrHandler
from made_videos import picture
from PIL import Image

from colorkit.data.curation import flickr as room
from colorkit.data.curation.flickr import Flickr
from colorkit.system.errors import ColorkitError

SEARCH, INFO = "flickr.photos.search", "flickr.photos.licenses.getInfo"
BUSY = {"stat": "fail", "code": 105, "message": "Service currently unavailable"}


@pytest.fixture
def server(monkeypatch, serve):
    handler = type("Fresh", (FlickrHandler,), {"asked": [], "mishaps": {}, "slept": []})
    handler.address = serve(handler)
    now = [1000.0]

    def sleep(seconds):
        if seconds:
            handler.slept.append(round(seconds, 3))
        now[0] += seconds

    monkeypatch.setattr(room, "URL", f"{handler.address}/services/rest/")
    monkeypatch.setattr(room, "_PER_PAGE", 2)
    monkeypatch.setattr(room, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now[0]))
    return handler


def methods(server) -> list[str]:
    return [method for method, _ in server.asked]


def fault(call, *arguments) -> str:
    with pytest.raises(ColorkitError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert KEY not in message and "\n" not in message
    return message


def test_pages_with_authors_and_licenses(server):
    client, found = Flickr(KEY), []
    for page in (1, 2, 3):
        photos, pages = client.search("a lake", 512, page)
        assert pages == 3
        found += photos
    assert [photo.id for photo in found] == ["0", "1", "2", "3", "4"]
    assert found[1].license == "Attribution License https://creativecommons.org/licenses/by/2.0/"
    assert found[2].license == "Public Domain Mark" and found[2].author == "Ana 2"
    assert found[3].page == "https://www.flickr.com/photos/47058503995@N01/3"
    assert methods(server) == [INFO, SEARCH, SEARCH, SEARCH]
    given = server.asked[1][1]
    assert given["text"] == "a lake" and given["page"] == "1" and given["api_key"] == KEY
    assert {"license", "owner_name", "url_l"} < set(given["extras"].split(","))
    # 0 is "all rights reserved"; 3, 6, 13 and 16 forbid changed copies.
    assert not {"0", "3", "6", "13", "16"} & set(given["license"].split(","))


def test_the_smallest_file_that_is_large_enough(server):
    client = Flickr(KEY)
    for side, size in ((64, "m"), (65, "l"), (683, "l"), (2000, "l")):
        photos, _ = client.search("a lake", side)
        assert photos[0].url == f"{server.address}/photo/{size}/0"
    content = client.download(photos[1])
    with Image.open(io.BytesIO(content)) as image:
        assert np.abs(np.asarray(image).astype(int) - picture(101)).mean() < 10
    server.mishaps["/photo/l/1"] = [(404,)]
    assert client.download(photos[1]) is None
    server.mishaps["/photo/l/1"] = [(403,)]
    assert "answered 403" in fault(client.download, photos[1])


def test_a_question_a_second(server):
    client = Flickr(KEY)
    for page in (1, 2, 3):
        client.search("a lake", 64, page)
    assert server.slept == [1.0] * 3  # four questions


def test_keys(server, monkeypatch):
    assert "FLICKR_API_KEY" in fault(Flickr("wrong").search, "a lake", 64)
    assert len(server.asked) == 1  # asking again would not help
    monkeypatch.delenv("FLICKR_API_KEY", raising=False)
    assert "FLICKR_API_KEY is not set" in fault(Flickr)
    monkeypatch.setenv("FLICKR_API_KEY", f" {KEY}\n")
    assert len(Flickr().search("a lake", 64)[0]) == 2


@pytest.mark.parametrize("mishap", [(500,), (503,), (429,), "cut", BUSY, BUSY | {"code": 201}])
def test_a_mishap_passes(server, mishap):
    server.mishaps = {INFO: [mishap], SEARCH: [mishap, mishap], "/photo/l/0": [mishap]}
    if isinstance(mishap, dict):
        del server.mishaps["/photo/l/0"]
    client = Flickr(KEY)
    photos, _ = client.search("a lake", 512)
    assert client.download(photos[0])[:2] == b"\xff\xd8"
    assert methods(server).count(SEARCH) == 3
    assert {2.0, 4.0} <= set(server.slept)  # each pause is twice the one before


def test_the_server_names_the_pause(server):
    date = email.utils.formatdate(time.time() + 50, usegmt=True)
    for after, least, most in (("7", 7, 7), (date, 40, 51), ("soon", 2, 2)):
        server.mishaps[INFO] = [(429, {"Retry-After": after})]
        del server.slept[:]
        Flickr(KEY).search("a lake", 64)
        assert least <= server.slept[0] <= most
    server.mishaps[INFO] = [(429, {"Retry-After": "120"})]
    Flickr(KEY).search("a lake", 64)
    server.mishaps[INFO] = [(429, {"Retry-After": "121"})]
    count = len(server.asked)
    said = fault(Flickr(KEY).search, "a lake", 64)
    assert "pause of 121 seconds" in said and "goes on where it was" in said
    assert len(server.asked) == count + 1


def test_how_long_a_server_may_be_silent(server, monkeypatch):
    client, told = Flickr(KEY), []
    get = client._session.get
    monkeypatch.setattr(room, "within", lambda seconds, ask: told.append(seconds) or ask())
    monkeypatch.setattr(
        client._session, "get", lambda *a, **o: told.append(o["timeout"]) or get(*a, **o)
    )
    client.search("a lake", 64)
    assert told == [300.0, 30.0] * 2


def test_mishaps_that_stay(server, monkeypatch):
    server.mishaps[INFO] = [(503,)] * 9
    assert "status 503" in fault(Flickr(KEY).search, "a lake", 64)
    assert len(server.asked) == room.TRIES
    server.mishaps[INFO] = [BUSY] * 9
    assert "not available" in fault(Flickr(KEY).search, "a lake", 64)
    server.mishaps[INFO] = ["page"]
    assert "is not Flickr" in fault(Flickr(KEY).search, "a lake", 64)
    server.mishaps[INFO] = [{"stat": "fail", "code": 18, "message": "Illogical arguments"}]
    assert "Illogical arguments" in fault(Flickr(KEY).search, "a lake", 64)
    monkeypatch.setattr(room, "URL", "http://127.0.0.1:9/services/rest/")
    assert "connection lost" in fault(Flickr(KEY).search, "a lake", 64)


@pytest.mark.parametrize(
    ("flood", "says"), [("drips", "no answer"), ("endless", "connection lost")]
)
def test_a_server_that_does_not_end(server, monkeypatch, flood, says):
    monkeypatch.setattr(room, "ANSWER", 0.5)
    monkeypatch.setattr(room, "LARGEST", 1_000_000)
    photo = Flickr(KEY).search("a lake", 512)[0][0]
    server.mishaps["/photo/l/0"] = [flood]
    client = Flickr(KEY)
    content = client.download(photo)
    assert content[:2] == b"\xff\xd8"  # asked again
    monkeypatch.setattr(room, "LARGEST", len(content))
    assert client.download(photo) == content
    server.mishaps["/photo/l/0"] = [flood] * room.TRIES
    assert says in fault(client.download, photo)
