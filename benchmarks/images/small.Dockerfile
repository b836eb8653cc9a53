# A Debian Python image as people write it: packages, an application, and documentation removed one layer too late.
ARG BASE
FROM ${BASE}
ENV DEBIAN_FRONTEND=noninteractive PYTHONUNBUFFERED=1
RUN --mount=type=secret,id=apt APT_CONFIG=/run/secrets/apt apt-get update && \
    APT_CONFIG=/run/secrets/apt apt-get install -y --no-install-recommends \
      ca-certificates curl openssl python3 python3-pip python3-venv && \
    apt-get clean
WORKDIR /app
RUN rm -rf /usr/share/doc/* /usr/share/man/* && printf 'print("ready")\n' > /app/main.py
CMD ["python3", "/app/main.py"]
