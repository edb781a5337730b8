#!/usr/bin/env bash
# Pushes a release's images from files to an environment's registries: push_images.sh ENV TAG DIRECTORY
#
# DIRECTORY holds users.tar, transactions.tar, … as build_image.sh writes them. The same files give every environment the
# same image. A tag that is there already stays: registries do not let it move.
set -euo pipefail

[ $# -eq 3 ] || { echo "push_images: say ENV TAG DIRECTORY" >&2; exit 2; }
environment=$1 tag=$2 directory=$3

registry_of() { # SERVICE
    aws cloudformation describe-stacks --stack-name "skillsync-$environment-platform" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='${1^}RegistryUri'].OutputValue"
}

for service in users transactions notifications analytics operations; do
    repository=$(registry_of "$service")
    if [ -z "$repository" ]; then
        echo "push_images: no registry for $service: the first \`skillsync deploy $environment\` makes it" >&2
        exit 1
    fi
    host=${repository%%/*} name=${repository#*/}
    if aws ecr describe-images --repository-name "$name" --image-ids "imageTag=$tag" >/dev/null 2>&1; then
        echo "$repository:$tag is there"
        continue
    fi
    aws ecr get-login-password | skopeo login --username AWS --password-stdin "$host"
    skopeo copy "docker-archive:$directory/$service.tar" "docker://$repository:$tag"
done
