# Latchkey's executable and what it is linked to, on Debian. `npm run image` makes what is copied here, for the machine that
# builds; `npm run image -- --arch arm64` for the other one. Then: docker build --tag latchkey .
FROM debian:trixie-slim

RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends libatomic1 libstdc++6 tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
 && useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin latchkey \
 && install --directory --owner=10001 --group=10001 --mode=700 /data

ARG TARGETARCH
COPY dist/image/${TARGETARCH}/latchkey /usr/local/bin/latchkey
COPY dist/image/${TARGETARCH}/licenses.md LICENSE /usr/share/doc/latchkey/

LABEL org.opencontainers.image.title="Latchkey" \
      org.opencontainers.image.description="Self-hosted API keys: issue, verify, rotate and revoke" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/latchkey-dev/latchkey" \
      org.opencontainers.image.documentation="https://github.com/latchkey-dev/latchkey/blob/main/docs/operate/image.md"

# The logs of containers are kept, so no token goes there: `latchkey root-key` shows the first root key to who asks for it.
ENV LATCHKEY_HOST=0.0.0.0 LATCHKEY_ROOT_KEY=none
# SQLite's file, latchkey.db, and its keyring, unless LATCHKEY_DATABASE_URL or PGHOST names another database.
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 7373
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["latchkey", "health"]

# Process 1 gives signals on, and buries what others leave behind, such as the shells of `docker exec`.
ENTRYPOINT ["tini", "--", "latchkey"]
CMD ["serve"]
