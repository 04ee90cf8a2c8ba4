"""Go every way in as such a user; run as a program, since a site has one user model.

Prints the statuses as JSON, and what an external server's user became.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)

    from django.test import Client

    from chunked_uploads.authentication.keys import sign
    from chunked_uploads.authentication.strangers import local_user
    from chunked_uploads.models import ApiKey, Upload
    from tests.people.models import Person

    person: Any = Person(address="ada@example.org")
    person.set_password("secret")
    person.save()
    api_key = ApiKey.objects.create(user=person)
    upload = Upload.objects.create(user=person, filename="film.mp4", filesize=1)
    browser = Client()
    browser.force_login(person)

    basic = base64.b64encode(b"ada@example.org:secret").decode()
    now = str(int(time.time()))
    signed = f"{api_key.key}:{now}:{sign(api_key.secret, now)}"
    ways = {
        "basic": Client(headers={"Authorization": f"Basic {basic}"}),
        "key": Client(headers={"Authorization": f"ApiKey {person}:{api_key.key}"}),
        "query": Client(headers={"Authorization": f"Query {signed}"}),
        "session": browser,
    }
    found: dict[str, int | str] = {}
    for name, client in ways.items():
        [item] = client.get("/uploads/upload/?all=1").json()
        found[name] = client.get(item["url"]).status_code
        assert item["upload_uuid"] == str(upload.uuid)
        assert Client().get(item["url"]).status_code == 200
    for model in ("upload", "apikey"):
        page = browser.get(f"/admin/chunked_uploads/{model}/?q=ada")
        found[f"admin of {model}"] = page.status_code
    told = {"username": "bob", "email": "bob@example.org", "first_name": "Bob"}
    found["external"] = str(local_user("https://other.example/", told).user)
    told["username"] = "ada@example.org"
    found["taken"] = str(local_user("https://other.example/", told).user)[16:]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
