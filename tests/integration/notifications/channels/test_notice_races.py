"""The same notice told by a provider several times at one moment."""

import threading

import pytest
from django.db import connections

from notifications.hooks import Notice, What
from notifications.models import BadAddress, Message
from notifications.services.notices import take_notice
from tests.integration.notifications.channels.outbox import sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
AT_ONCE = 6


def test_notice_told_several_times_at_once_counts_once() -> None:
    message = sent()
    notice = Notice("postmark", What.BOUNCED, provider_id="abc-1", event_id="42")
    together, news = threading.Barrier(AT_ONCE), []

    def take() -> None:
        together.wait()
        try:
            news.append(take_notice(notice=notice))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False] * (AT_ONCE - 1) + [True]
    assert message.events.filter(what="bounced").count() == 1
    assert Message.objects.filter(instead_of=message).count() == 1
    assert BadAddress.objects.count() == 1
