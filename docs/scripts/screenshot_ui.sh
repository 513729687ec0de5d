#!/bin/sh
# Takes a picture of a page of the running Dagster UI in headless Chromium:
#   docs/scripts/screenshot_ui.sh [FILE] [URL]
# Start the UI first (`milepost ui`). Debian: apt-get install chromium.
set -eu

target=${1:-docs/images/lineage.png}
url=${2:-http://127.0.0.1:3000/asset-groups}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
    echo "no Chromium found: install it (Debian: apt-get install chromium)" >&2
    exit 1
fi
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
mkdir -p "$(dirname "$target")"

# the sandbox needs privileges that containers do not give; the page is our own
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-dev-shm-usage \
    --no-first-run --disable-quic --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$profile" --window-size=1800,1100 --virtual-time-budget=30000 \
    --screenshot="$target" "$url" 2>/dev/null
test -s "$target"
echo "$target"
