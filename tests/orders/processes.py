"""What a second web process does, for tests: it shares nothing with the first but the database."""

import os
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier


def confirm(database_url: str, order_pk: int, said: tuple[str, str, str], barrier: Barrier, answers: Queue) -> None:
    """Start Django, wait for the other process, confirm, and tell how it ended."""
    os.environ.update(DATABASE_URL=database_url, DJANGO_SETTINGS_MODULE="tests.settings")
    import django

    django.setup()
    from decimal import Decimal

    from django.utils import timezone

    from orders import checkout
    from orders.errors import OrderError
    from orders.models import Order

    order = Order.objects.get(pk=order_pk)
    barrier.wait(timeout=60)
    try:
        checkout.confirm(
            order, by=order.placed_by, at=timezone.now(), shown=checkout.Shown(Decimal(said[0]), said[1], said[2])
        )
        answers.put("confirmed")
    except OrderError as refusal:
        answers.put(str(refusal))
    except Exception as error:  # noqa: BLE001
        answers.put(repr(error))
