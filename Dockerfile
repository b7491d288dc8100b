# SPDX-License-Identifier: Apache-2.0
#
# Assay, and nothing else: no Vault, no OpenBao.  Backups, listing and restores
# work with this image as it is.  A *validation* additionally needs
#
#   - a server program of the protected cluster's own product, the same version
#     or newer, e.g.  -v /usr/bin/vault:/usr/local/bin/vault:ro  (or an image
#     built FROM this one that adds it), named by transient.server;
#   - user, network, mount and pid namespaces: the default seccomp profiles of
#     Docker and Podman refuse them.  Docker: --security-opt seccomp=<a profile
#     that allows clone, unshare, mount, pivot_root and umount2> and
#     --security-opt systempaths=unconfined (a new /proc cannot be mounted over
#     a masked one); Ubuntu 24.04 hosts: an AppArmor profile with `userns`.
#
# Where they cannot be had, a validation ends `inconclusive` and says so; it
# never runs a copy of production's secrets without isolation by itself.
#
#   docker build -t assay .
#   docker run --read-only --tmpfs /tmp -v assay:/var/lib/assay \
#       -v ./assay.json:/etc/assay/assay.json:ro -p 127.0.0.1:8210:8210 assay

# Both stages are the same release: the libraries are shared ones.

FROM debian:bookworm-slim AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y \
       --no-install-recommends gcc libc6-dev cmake ninja-build pkgconf \
       libgnutls28-dev libmicrohttpd-dev libcurl4-gnutls-dev libcjson-dev \
       libsqlite3-dev libdeflate-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release && cmake --build --preset release \
    && install -D -s -m 0755 build/release/assay /out/usr/local/bin/assay \
    && install -d -m 0700 -o 10001 -g 10001 /out/var/lib/assay \
    && install -d -m 0755 /out/etc/assay

FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y \
       --no-install-recommends ca-certificates libgnutls30 libmicrohttpd12 \
       libcurl3-gnutls libcjson1 libsqlite3-0 libdeflate0 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/ /
# A number, so that runAsNonRoot can be checked without /etc/passwd.
USER 10001:10001
WORKDIR /var/lib/assay
VOLUME /var/lib/assay
# In assay.json:  "listen": [{ "address": "0.0.0.0:8210", "tls_disable": true }]
# behind a proxy that speaks TLS; or give it tls_cert_file and tls_key_file, and set
# ASSAY_ADDRESS=https://… and ASSAY_CACERT for the health check.
ENV ASSAY_DATA_DIR=/var/lib/assay ASSAY_ADDRESS=127.0.0.1:8210
EXPOSE 8210
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["assay", "health"]
ENTRYPOINT ["assay"]
CMD ["server", "-config", "/etc/assay/assay.json"]
