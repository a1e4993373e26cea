#!/usr/bin/env bash
# Fetches a Python for 64-bit ARM and the locked packages that fa.learning imports into FOLDER:
#     tests/reliability/arm.sh FOLDER
# It needs Debian or a derivative, and the network, but not root. It leaves the machine's packages
# alone.
set -euo pipefail
lock=$(cd "$(dirname "$0")/../.." && pwd)/requirements.lock
folder=$(realpath -m "$1")
# With the hashes of the lock, as on x86-64.
wanted=$(awk '/^[^ #]/ { wanted = /^(array-api-compat|llvmlite|numba|numpy)==/ } wanted' "$lock")
[ "$wanted" != "$(cat "$folder/complete" 2> /dev/null)" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"/{state/lists/partial,cache/archives/partial,debs,root,packages}

# A separate apt, for ARM, with its lists and archives in the folder.
: > "$folder/status"
apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=
    -o Dir::State="$folder/state" -o Dir::State::status="$folder/status" -o Dir::Cache="$folder/cache")
"${apt[@]}" update
(cd "$folder/debs" && "${apt[@]}" download libc6 libgcc-s1 libstdc++6 zlib1g libbz2-1.0 liblzma5 \
    libexpat1 libffi8 libssl3 libpython3.11-minimal libpython3.11-stdlib python3.11-minimal)
for deb in "$folder"/debs/*.deb; do
    dpkg-deb -x "$deb" "$folder/root"
done

echo "$wanted" > "$folder/wanted"
python=${PYTHON:-python3}
"$python" -m pip --version > /dev/null 2>&1 || "$python" -m ensurepip > /dev/null
"$python" -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 \
    --python-version 3.11 --only-binary=:all: --no-deps --require-hashes -r "$folder/wanted"
rm -rf "$folder"/{state,cache,debs}
mv "$folder/wanted" "$folder/complete"
