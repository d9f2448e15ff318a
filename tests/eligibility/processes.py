"""What a worker does that is killed, for tests: it shares nothing with the first but database and mailbox."""

import os
import signal


def poll_and_die(database_url: str, imap_url: str) -> None:
    """Read the mailbox, and be killed once the first e-mail is in the database and before it is moved."""
    os.environ.update(DATABASE_URL=database_url, IMAP_URL=imap_url, DJANGO_SETTINGS_MODULE="tests.settings")
    import django

    django.setup()
    from django.utils import timezone

    from eligibility.cases import imap, mailbox

    imap.file_away = lambda *args, **options: os.kill(os.getpid(), signal.SIGKILL)
    mailbox.poll(at=timezone.now())
