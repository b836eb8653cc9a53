# A data science image of 3 GB in 12 layers, with every kind of waste that builds leave behind.
ARG BASE
FROM ${BASE}
RUN --mount=type=secret,id=apt APT_CONFIG=/run/secrets/apt apt-get install -y --no-install-recommends \
      build-essential nodejs npm python3-dev && \
    apt-get clean
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca PIP_CONFIG_FILE=/run/secrets/pip \
    pip3 install --no-cache-dir --break-system-packages \
      numpy scipy pandas transformers datasets scikit-learn matplotlib
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca python3 -m venv /opt/lab && \
    PIP_CONFIG_FILE=/run/secrets/pip /opt/lab/bin/pip install --no-cache-dir jupyterlab django plotly
# The same trees again, under another path: content that repeats.
RUN mkdir /srv/vendored && cd /usr/local/lib/python3.11/dist-packages && \
    cp -a matplotlib numpy numpy.libs pandas scipy scipy.libs sklearn transformers /srv/vendored/ && \
    cp -a /opt/lab /srv/lab
# A copy of every file it touches, with the same content.
RUN chmod -R g+w /opt/lab && chown -R 1000:1000 /opt/lab
# Some 1,800 whiteouts in all, as in the image that the targets were set on: dive pays for each of them.
RUN apt-get purge -y build-essential cpp cpp-12 gcc gcc-12 g++ g++-12 && apt-get autoremove -y && \
    cd /usr/local/lib/python3.11/dist-packages && \
    find /opt/lab numpy pandas scipy sklearn -type d -name __pycache__ -prune -exec rm -rf {} +
# An opaque directory: it was below, it is made anew.
RUN rm -rf /srv/vendored/matplotlib /usr/share/icons && mkdir -p /srv/vendored/matplotlib && \
    cp -a /usr/local/lib/python3.11/dist-packages/matplotlib/mpl-data /srv/vendored/matplotlib/
RUN mkdir -p /app/bin && cp -a /usr/bin/openssl /app/bin/openssl && ln /app/bin/openssl /app/bin/openssl-hard && \
    ln -s ../main.py /app/bin/main && ln -s /opt/lab/bin/python3 /app/bin/python3
