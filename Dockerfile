# syntax=docker/dockerfile:1.7
# One recipe for the image of every service:
#
#   docker build --build-arg SERVICE=users --build-arg RELEASE=v1.0.0 --build-arg COMMIT=$(git rev-parse HEAD) .
#
# and with --target operations that of the operators' API, which comes with the command. scripts/build_image.sh knows both.
# scripts/install_alone.py runs the very `uv sync` lines below, and each service from what they make.

FROM python:3.11-slim-bookworm AS base
# Nobody's home: what writes, writes to /tmp, the one place that a read-only container has for it.
ENV HOME=/tmp \
    PATH=/app/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

FROM base AS uv
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/app \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY pyproject.toml uv.lock ./

FROM uv AS service-environment
ARG SERVICE
# The dependencies first: they change less often than the code, and this layer is kept then.
RUN uv sync --frozen --no-dev --no-install-workspace --package "skillsync-${SERVICE}"
COPY kit kit
COPY services/${SERVICE} services/${SERVICE}
RUN uv sync --frozen --no-dev --no-editable --package "skillsync-${SERVICE}"

# The command: what provisions, migrates and is the gateway in compose.yaml, and the operators' API.
FROM uv AS tools-environment
COPY kit kit
COPY cli cli
RUN uv sync --frozen --no-dev --no-editable --package skillsync

FROM uv AS emulator-environment
COPY cloud cloud
RUN uv sync --frozen --no-dev --project cloud

FROM base AS tools
COPY --from=tools-environment /app /app
WORKDIR /skillsync
COPY infra infra
COPY services/users/migrations services/users/migrations
COPY services/transactions/migrations services/transactions/migrations
COPY services/notifications/migrations services/notifications/migrations
COPY services/analytics/migrations services/analytics/migrations
# A volume takes over whose the folder is.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /run/skillsync
USER 10001:10001
CMD ["skillsync", "--help"]

FROM base AS emulator
COPY --from=emulator-environment /app /app
USER 10001:10001
ENV BIND_HOST=0.0.0.0 \
    GATEWAY_PORT=4566 \
    IOT_MTLS_ENABLED=0
EXPOSE 4566
CMD ["python", "-m", "ministack"]

# What every process of ours runs in: Python's own image, and nothing that built the environment.
FROM base AS process
ARG RELEASE=none
ARG COMMIT=unknown
# What RDS's certificates are signed by: AWS publishes it here alone.
ADD --chmod=0444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/certs/rds-global-bundle.pem
LABEL org.opencontainers.image.version="${RELEASE}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV SKILLSYNC_HOST=0.0.0.0 \
    SKILLSYNC_PORT=8000
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "skillsync_kit.probe"]

FROM process AS operations
COPY --from=tools-environment /app /app
LABEL org.opencontainers.image.title="skillsync-operations"
USER 10001:10001
CMD ["python", "-m", "skillsync.operations.api.main", "api"]

# Last, and so what `docker build` makes.
FROM process AS service
ARG SERVICE
COPY --from=service-environment /app /app
LABEL org.opencontainers.image.title="skillsync-${SERVICE}"
ENV SERVICE=${SERVICE}
USER 10001:10001
# exec, so that SIGTERM reaches the process that drains. On ECS the task definition says which role.
CMD ["sh", "-c", "exec python -m skillsync_${SERVICE}.main all"]
