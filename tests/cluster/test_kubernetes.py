"""Kubernetes with a bucket, as far as it goes without a cluster.

The bucket is moto's, on loopback. Its jobs run as in a pod: in an empty folder, which gets the
sources and the inputs from the bucket and shares nothing with the folder of Snakemake. Only that
Kubernetes itself takes the jobs is not tested here.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, digest_of
from studies import METRICS, SMALL, local_digest, text

PLUGINS = ROOT / ".venv/kubernetes"
PROFILE = ROOT / "workflow/profiles/kubernetes"
STUDY = SMALL | {"seeds_per_job": 4}

pytestmark = pytest.mark.skipif(
    not (PLUGINS / "installed").exists(), reason="the plugins are not installed: make kubernetes"
)


@pytest.fixture(scope="module")
def environment():
    """Start a server that speaks S3; yield the variables that lead Snakemake to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = os.environ | {
        "PYTHONPATH": str(PLUGINS),
        # Otherwise each of these pods would compile the kernels again.
        "NUMBA_CACHE_DIR": str(ROOT / "fa/learning/backends/__pycache__"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "300",
        "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "SNAKEMAKE_STORAGE_S3_ACCESS_KEY": "test",
        "SNAKEMAKE_STORAGE_S3_SECRET_KEY": "test",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        yield variables
    finally:
        server.terminate()
        server.wait()


def wait_for(port, server):
    for _ in range(600):
        assert server.poll() is None, "moto's server has ended"
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("moto's server does not answer")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a clone of the repository with a small study, its changes included."""
    folder = tmp_path_factory.mktemp("clone")
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    packed = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-"],
        cwd=ROOT, input=files.stdout, capture_output=True, check=True,
    )  # fmt: skip
    subprocess.run(["tar", "--extract"], cwd=folder, input=packed.stdout, check=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(STUDY))
    for git in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *git], cwd=folder, check=True)
    return folder


def snakemake(folder, environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", METRICS, "--workflow-profile", PROFILE, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
    )


def test_the_profile_plans_a_study_in_the_bucket(clone, environment):
    done = snakemake(clone, environment, "--dry-run")
    assert done.returncode == 0, text(done)
    assert re.search(r"train +2\b", text(done))


def test_jobs_that_share_nothing_but_the_bucket_give_the_same_bits(clone, environment, tmp_path):
    pod = tmp_path / "pod.sh"
    # What the executor for Kubernetes does: an empty folder, Snakemake's command in it.
    pod.write_text('#!/bin/sh\ncd "$(mktemp -d)" && sh "$1" > job.log 2>&1; pwd; cat job.log >&2\n')
    pod.chmod(0o755)
    status = "status() { test -e $1/.snakemake && echo success; }; status"
    done = snakemake(
        clone, environment, "--executor", "cluster-generic", "--cluster-generic-submit-cmd", pod,
        "--cluster-generic-status-cmd", status,
        "--job-deploy-sources", "--seconds-between-status-checks", "1", "--latency-wait", "5",
    )  # fmt: skip
    assert done.returncode == 0, text(done)
    assert not (clone / "results").exists(), "all results are in the bucket"
    fetch(environment, METRICS, tmp_path)
    (tmp_path / "local").mkdir()
    assert digest_of(tmp_path / METRICS) == local_digest(tmp_path / "local", SMALL)


def fetch(environment, name, folder):
    """Copy a file from the bucket into a folder, by Amazon's library and not by the product."""
    script = (
        "import boto3, os, sys; "
        "s3 = boto3.client('s3', endpoint_url=os.environ['SNAKEMAKE_STORAGE_S3_ENDPOINT_URL'], "
        "aws_access_key_id='test', aws_secret_access_key='test', region_name='us-east-1'); "
        "s3.download_file('feedback-alignment', 'study/' + sys.argv[1], sys.argv[2])"
    )
    (folder / name).parent.mkdir(parents=True)
    target = str(folder / name)
    subprocess.run([sys.executable, "-c", script, name, target], env=environment, check=True)
