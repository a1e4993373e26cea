#!/usr/bin/env bash
# A 64-bit ARM system in a folder: Debian's Python and the locked packages that train, for test_arm.py,
# which runs them under qemu-user. Nothing of the host is changed. Usage: tests/reliability/arm.sh FOLDER
set -euo pipefail
lock=$(realpath "$(dirname "$0")/../../requirements.lock")
mkdir -p "$1"
cd "$1"
[ ! -e complete ] || exit 0
mkdir -p state/lists/partial cache/archives/partial debs root packages
apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
    -o Dir::State="$PWD/state" -o Dir::State::status=/dev/null -o Dir::Cache="$PWD/cache")
"${apt[@]}" update
(cd debs && "${apt[@]}" download libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libffi8 libssl3 libbz2-1.0 \
    liblzma5 libuuid1 libpython3.11-minimal libpython3.11-stdlib python3.11-minimal)
for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done
# The lock's own entries, hashes and all.
awk '/^[^ ]/ { ours = /^(array-api-compat|llvmlite|numba|numpy)==/ } ours' "$lock" > requirements.txt
python3 -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target packages \
    --only-binary :all: --python-version 3.11 --platform manylinux_2_28_aarch64 \
    --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 --requirement requirements.txt
touch complete
