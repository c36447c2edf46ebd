"""The public process as it is meant to run: its own settings, its own narrow database role, a real sign-in as that role."""

import json
import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.databases import ROOT, new_database

ROLE = "mingtang_public_process"
PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
from django.db import connections
from tests.factories import make_city, make_desk
call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
make_desk(make_city()).published()
from mingtang.cli import public_role_commands
assert public_role_commands.narrow({ROLE!r}) == 0
connections.close_all()
"""
VISIT = """
import json, re
from datetime import timedelta
import django
django.setup()
from django.conf import settings
from django.test import Client
from django.utils import timezone
from mingtang.editions.models import Publication
from mingtang.intake.limits import new_request_key
settings.ALLOWED_HOSTS = ["testserver"]
client = Client(enforce_csrf_checks=True, raise_request_exception=False)
path = f"/{Publication.objects.filter(kind='document').get().path}/"
form = client.get(f"/feedback/?page={path}")
token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', form.content.decode())[1]
typed = {"what": "错字", "page": path, "csrfmiddlewaretoken": token,
         "request_key": new_request_key(timezone.localtime() - timedelta(minutes=1))}
answers = [client.post("/feedback/", typed), client.post("/feedback/", typed)]
numbers = [re.search(r"[0-9]{4}-[0-9]{2}-[A-Z]{4}-[0-9]{4}", answer.content.decode())[0] for answer in answers]
code = re.search(r'receipt-number">([A-Z0-9]{4} [A-Z0-9]{4})<', answers[0].content.decode())[1]
asked = client.post("/receipt/", {"number": numbers[0], "code": code, "csrfmiddlewaretoken": token})
wrong = client.post("/receipt/", {"number": numbers[0], "code": "AAAAAAAA", "csrfmiddlewaretoken": token})
pages = {address: client.get(address).status_code
         for address in ("/", "/policies/", path, f"{path}record.json", "/articles/", "/subscribe/")}
print(json.dumps({"status": [answer.status_code for answer in (form, *answers, asked, wrong)], "numbers": numbers,
                  "asked": "已提交，正在转给负责的单位" in asked.content.decode(), "pages": pages}))
"""


def test_the_forms_work_with_the_narrow_role() -> None:
    url = os.environ.get("MINGTANG_DATABASE_URL", "")
    if not url.startswith("postgres"):
        pytest.skip("roles are PostgreSQL's")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{ROLE}" LOGIN')
    try:
        with new_database(url) as database:
            environment = database.environment()
            subprocess.run([sys.executable, "-c", PREPARE], env=environment, cwd=ROOT, check=True)
            parts = urlsplit(database.url)
            narrow = parts._replace(netloc=re.sub(r"^[^@]*@", f"{ROLE}@", parts.netloc)).geturl()
            environment |= {"DJANGO_SETTINGS_MODULE": "mingtang.settings.public", "MINGTANG_DATABASE_URL": narrow}
            collected = [sys.executable, "-m", "django", "collectstatic", "--noinput", "-v0"]
            subprocess.run(collected, env=environment, cwd=ROOT, check=True)
            done = subprocess.run(
                [sys.executable, "-c", VISIT], env=environment, cwd=ROOT, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            found = json.loads(done.stdout.splitlines()[-1])
            with psycopg.connect(database.url) as connection:
                kept = connection.execute("SELECT count(*) FROM intake_submission").fetchone()
                connection.execute(f'DROP OWNED BY "{ROLE}"')
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP ROLE IF EXISTS "{ROLE}"')
    assert found["status"] == [200, 200, 200, 200, 422]
    assert len(set(found["numbers"])) == 1 and kept == (1,)
    assert found["asked"] is True
    assert set(found["pages"].values()) == {200}, found["pages"]
