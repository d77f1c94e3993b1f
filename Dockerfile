# The workbook with all that it needs, to be run on a project beside it:
#   docker build -t businesscase .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" businesscase report our-case
FROM python:3.11-slim-bookworm AS built
COPY requirements.lock /source/
RUN python -m venv /opt/businesscase \
    && /opt/businesscase/bin/pip install --no-cache-dir --require-hashes -r /source/requirements.lock
COPY . /source
RUN /opt/businesscase/bin/pip install --no-cache-dir --no-deps --no-build-isolation /source

# the checkout stays behind, and with it whatever lies in its data/
FROM python:3.11-slim-bookworm
# Chromium draws the charts for Word and PDF, in these letters; Debian keeps no old versions to pin
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium fonts-liberation \
    && rm -rf /var/lib/apt/lists/*
COPY --from=built /opt/businesscase /opt/businesscase
ENV PATH=/opt/businesscase/bin:$PATH HOME=/tmp
USER 1000
WORKDIR /work
ENTRYPOINT ["businesscase"]
CMD ["help"]
