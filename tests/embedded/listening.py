"""Makes a tenant with an open webhook door, and prints what a test needs: path and header."""

import json

import django


def main() -> None:
    django.setup()
    from benchmarks import tenant  # noqa: PLC0415 - modules with models, so after the set-up

    made = tenant.make(1)
    print(json.dumps({"path": made.path, "authorization": made.authorization}))


if __name__ == "__main__":
    main()
