#!/usr/bin/env bash
# Builds the image of a service, or of the operators' API, into a file: build_image.sh SERVICE RELEASE FILE
#
# SERVICE is users, transactions, notifications, analytics or operations; push_images.sh takes the files.
set -euo pipefail

[ $# -eq 3 ] || { echo "build_image: say SERVICE RELEASE FILE" >&2; exit 2; }
service=$1 release=$2 file=$(realpath "$3")

target=service
[ "$service" != operations ] || target=operations
cd "$(dirname "$0")/.."
# Of the architecture that the tasks run on.
exec docker buildx build --platform linux/arm64 --target "$target" --build-arg "SERVICE=$service" \
    --build-arg "RELEASE=$release" --build-arg "COMMIT=$(git rev-parse HEAD)" --provenance=false \
    --output "type=docker,dest=$file" .
