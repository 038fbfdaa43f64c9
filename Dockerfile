# The version of Python that the tests run on.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /venv
COPY requirements-run.lock ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY handlers handlers
COPY models models
COPY migrations migrations
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && /venv/bin/python -m compileall -q /venv/lib

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin koolla \
    && install -d -m 0700 -o koolla -g koolla /data /keys
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    KOOLLA_DATABASE__URL=sqlite:////data/koolla.db \
    KOOLLA_FEEDBACK__KEYS=/keys \
    KOOLLA_WEB__PORT=8080
USER 10001
WORKDIR /data
# The keys of open forms lie apart, so that nobody copies both together.
VOLUME ["/data", "/keys"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=8)"]
# Without a shell in between: SIGTERM arrives, and what is in hand is finished.
ENTRYPOINT ["koolla"]
CMD ["run"]
