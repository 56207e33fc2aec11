# A static binary on a base without a shell, run by a user without rights.
#
#   docker build -t mintkey --build-arg VERSION=1.2.3 --build-arg REVISION=$(git rev-parse HEAD) .
#
# A release pins both bases by digest (docs/releasing.md): --build-arg GO_BASE=golang:1.26@sha256:… --build-arg BASE=gcr.io/…@sha256:…
ARG GO_BASE=golang:1.26
ARG BASE=gcr.io/distroless/static-debian12:nonroot

FROM ${GO_BASE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=""
ARG REVISION=""
# -buildvcs=false: .dockerignore leaves .git out. /data is made here because the next stage has no mkdir.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags="-s -w -X main.stampedVersion=${VERSION} -X main.stampedRevision=${REVISION}" -o /out/mintkey ./cmd/mintkey && \
    mkdir /out/data

FROM ${BASE}
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="Mintkey" \
      org.opencontainers.image.description="An OAuth 2.0 authorization server for machines" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/mintkey /usr/bin/mintkey
COPY LICENSE /usr/share/doc/mintkey/LICENSE
# 65532 is "nonroot". A new volume takes this folder's owner over.
COPY --from=build --chown=65532:65532 /out/data /data
# Inside a container, loopback would be of no use to anybody. Publish 8080 only: 9464 is for operators. The store is the default,
# data/mintkey.db below the working directory: were it set here, MINTKEY_STORE_FILE could not be.
ENV MINTKEY_LISTEN=0.0.0.0:8080 \
    MINTKEY_OPS_LISTEN=0.0.0.0:9464 \
    MINTKEY_LOG_FORMAT=json
WORKDIR /
VOLUME /data
EXPOSE 8080 9464
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/usr/bin/mintkey", "health"]
ENTRYPOINT ["/usr/bin/mintkey"]
CMD ["serve"]
