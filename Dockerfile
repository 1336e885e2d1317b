# One image for every process of Tieout; docker-compose.yaml says which one a container runs.
FROM python:3.11-slim-bookworm

# unixodbc: the driver manager. libsqliteodbc: the simulated Sage 100. tdsodbc: Sage 100 Premium on
# SQL Server. (Sage's own ProvideX driver exists on Windows only: the agent relays there.)
RUN apt-get update \
    && apt-get install --yes --no-install-recommends unixodbc libsqliteodbc tdsodbc \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/tieout
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt

# Editable, never a wheel: Airflow mounts plugins/ as well, and there must be one copy of the package.
COPY LICENSE README.md pyproject.toml ./
COPY plugins plugins
COPY sage100_agent sage100_agent
COPY oracle oracle
COPY dags dags
COPY include include
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . --editable ./sage100_agent --editable ./oracle \
    && useradd --system --uid 50500 --create-home tieout \
    && install --directory --owner tieout --group tieout /var/lib/tieout

USER tieout
VOLUME /var/lib/tieout
