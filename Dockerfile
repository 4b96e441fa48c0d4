# Berth's service. Its commands compile the sources themselves (docs/decisions/0022), so the first stage only installs what they need.
#
#   docker build -t berth .
#   docker run -p 127.0.0.1:8080:8080 -v berth:/var/lib/berth berth
#   docker run --rm -v berth:/var/lib/berth berth cat admin.key        prints the first API key

FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /opt/berth
COPY package.json package-lock.json .npmrc ./
# Without install scripts: one of them (in a package below swagger-ui) reports to its maker, and the others only save milliseconds.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20.20.2-bookworm-slim
# The container's own loopback address could not be reached from outside, so the service listens on all of its addresses. It then needs
# a key, which it makes at its first start.
ENV NODE_ENV=production \
    PORT=8080 \
    BERTH_HOST=0.0.0.0 \
    BERTH_LOG_LEVEL=info \
    BERTH_ADMIN_KEY_FILE=/var/lib/berth/admin.key
COPY --from=packages /opt/berth/node_modules /opt/berth/node_modules
COPY package.json LICENSE /opt/berth/
COPY bin /opt/berth/bin
COPY models /opt/berth/models
COPY instances /opt/berth/instances
COPY src /opt/berth/src
# Ahead, since who runs the service may write nothing here.
RUN ["node", "/opt/berth/bin/compile.js"]
RUN install --directory --owner=node --group=node --mode=0700 /var/lib/berth
USER node
# The embedded store is ./berth-data, unless DATABASE_URL names a PostgreSQL server.
WORKDIR /var/lib/berth
VOLUME /var/lib/berth
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process, so that it gets SIGTERM; npm would keep it to itself.
CMD ["node", "/opt/berth/bin/serve.js"]
