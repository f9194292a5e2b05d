# The image has no embedded Postgres: it is run with DATABASE_URL.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The script that npm would run builds the program, and its sources are not here yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Left out as optional: the binaries of the embedded Postgres, and a native speed-up of msgpackr.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
# The program needs Node alone; npm, yarn and corepack would only be something to keep up to date.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg
WORKDIR /app
ENV NODE_ENV=production
COPY package.json ./
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY migrations migrations
USER node
# Node is process 1 without an init before it: the program handles SIGTERM and SIGINT itself, and with DATABASE_URL it
# starts no other process, so there is nothing to reap. A stop waits for the page at hand, 15 seconds at most: give it
# more than Docker's usual 10 (docker stop --time 30).
STOPSIGNAL SIGTERM
# Half a second of work: whether the database answers and has the schema of this version. How far each stream has come
# is told by "gaps" and by the view meraki.freshness.
HEALTHCHECK --interval=60s --timeout=15s --start-period=60s --retries=3 \
  CMD node dist/main.js status --json > /dev/null || exit 1
ENTRYPOINT ["node", "dist/main.js"]
CMD ["start"]
