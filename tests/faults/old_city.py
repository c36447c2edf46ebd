"""Child process: a migrated database with the city and one drafter; prints the drafter's login name."""

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from tests.factories import make_city  # noqa: E402

from mingtang.units import roles  # noqa: E402


def main() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    city = make_city()
    print(city.person(city.unit("发改委"), roles.DRAFTER).username)


if __name__ == "__main__":
    main()
