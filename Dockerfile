# A static binary on a base without a shell, run by a user without rights.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# -buildvcs=false: .dockerignore leaves .git out. /data is made here because the next stage has no mkdir.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/mintkey ./cmd/mintkey && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/mintkey /usr/bin/mintkey
# 65532 is "nonroot". A new volume takes this folder's owner over.
COPY --from=build --chown=65532:65532 /out/data /data
# Inside a container, loopback would be of no use to anybody. Publish 8080 only: 9464 is for operators.
ENV MINTKEY_LISTEN=0.0.0.0:8080 \
    MINTKEY_OPS_LISTEN=0.0.0.0:9464 \
    MINTKEY_STORE=bolt:///data/mintkey.db \
    MINTKEY_LOG_FORMAT=json
WORKDIR /data
VOLUME /data
EXPOSE 8080 9464
USER 65532:65532
ENTRYPOINT ["/usr/bin/mintkey"]
CMD ["serve"]
