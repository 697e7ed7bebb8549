# The API image: Python, the locked packages, and what sets text in a PDF. The database is a service of its own.
FROM python:3.11-slim-bookworm

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1

# What sets text in a PDF.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/run.txt requirements/run.txt
RUN pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY geoplan geoplan
COPY layers layers
COPY api api
RUN pip install --no-deps --no-build-isolation --no-index . && useradd --create-home geoplan && mkdir /workspace && chown geoplan /workspace

USER geoplan
WORKDIR /workspace
ENV GEOPLAN_WORKSPACE=/workspace
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Without a workspace of its own the container shows the demo.
CMD ["sh", "-c", "if [ -e geoplan.toml ]; then geoplan import && geoplan plan && exec geoplan serve --host 0.0.0.0; else exec geoplan demo . --host 0.0.0.0; fi"]
