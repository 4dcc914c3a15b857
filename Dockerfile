# syntax=docker/dockerfile:1
FROM node:24-slim AS front
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /opt/venv && pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
COPY --from=front /build/node_modules node_modules
RUN python -m leadrej.assets && rm -r node_modules \
    && LEADREJ_ENV=production SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql://build/build \
       REDIS_URL=redis://build STATIC_ROOT=/srv/static python manage.py collectstatic --no-input --verbosity 0 \
    && useradd --system leadrej && install -d -o leadrej /srv/leadrej
ENV LEADREJ_ENV=production LEADREJ_HOME=/srv/leadrej STATIC_ROOT=/srv/static
USER leadrej
EXPOSE 8000
CMD ["gunicorn", "leadrej.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--no-control-socket", "--workers=2", "--threads=8"]
