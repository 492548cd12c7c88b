# The command in an image without anything else: no shell, no git, no root.
#
# Builds without the network, from the sources of the dependencies in vendor/:
#   cargo vendor --locked vendor
#   docker build -t mirror.internal/tools/airtight:0.1.0 --build-arg RUST=mirror.internal/library/rust:1.95-alpine .
# With --build-arg BINARY=released it takes dist/linux/ARCHITECTURE/airtight in place of a build, as the release does.

# An image with cargo, a C compiler and the headers of musl.
ARG RUST=rust:1.95-alpine
ARG BINARY=built

FROM --platform=$BUILDPLATFORM ${RUST} AS around
# What programs expect of a system: a folder for temporary files, the authorities of TLS.
RUN mkdir -p /around/tmp /around/etc/ssl/certs /around/work && \
    chmod 1777 /around/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /around/etc/ssl/certs/ && \
    echo 'airtight:x:65532:65532::/work:/none' >/around/etc/passwd

FROM ${RUST} AS built
WORKDIR /source
COPY . .
ARG FEATURES=cli,cluster,html,registry
# What `airtight version` names: there is no .git here.
ARG AIRTIGHT_COMMIT=
RUN --network=none ci/build-offline.sh --profile dist --no-default-features --features "$FEATURES" && \
    mkdir /binary && cp target/dist/airtight /binary/

FROM scratch AS released
ARG TARGETARCH
COPY --chmod=755 dist/linux/${TARGETARCH}/airtight /binary/airtight

FROM ${BINARY} AS binary

FROM scratch
COPY --from=around /around /
COPY --from=binary /binary/airtight /usr/local/bin/airtight
# By number, so that runAsNonRoot holds.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/airtight"]
