"""What providers post: no session and no form of ours, so that a signature stands for both."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.addresses import client_network
from accounts.policy import guarded
from core.errors import NotFound
from notifications.hooks import Forged, Unreadable, mail, twilio
from notifications.services.notices import refuse_notice, take_notice
from notifications.services.stopping import take_reply

# Twilio answers STOP and START itself; whatever we said besides would be one more text.
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@csrf_exempt
@guarded("notifications.notice.take")
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """What became of a text."""
    if not twilio.is_here():
        raise NotFound
    try:
        notice = twilio.status_of(request)
    except (Forged, Unreadable) as error:
        return _refused(request, error, "twilio-status")
    if notice is not None:
        take_notice(notice=notice)
    return HttpResponse(status=204)


@csrf_exempt
@guarded("notifications.notice.take")
@require_POST
def twilio_reply(request: HttpRequest) -> HttpResponse:
    """What somebody answered to a text."""
    if not twilio.is_here():
        raise NotFound
    try:
        reply = twilio.reply_of(request)
    except (Forged, Unreadable) as error:
        return _refused(request, error, "twilio-reply")
    take_reply(reply=reply)
    return HttpResponse(NO_ANSWER, content_type="text/xml; charset=utf-8")


@csrf_exempt
@guarded("notifications.notice.take")
@require_http_methods(["HEAD", "POST"])
def mail_notices(request: HttpRequest) -> HttpResponse:
    """What became of mails. Some providers ask with HEAD whether anybody is here."""
    if not mail.is_here():
        raise NotFound
    if request.method == "HEAD":
        return HttpResponse()
    try:
        notices = mail.notices_of(request)
    except (Forged, Unreadable) as error:
        return _refused(request, error, "mail")
    for notice in notices:
        take_notice(notice=notice)
    return HttpResponse()


def _refused(request: HttpRequest, error: Exception, hook: str) -> HttpResponse:
    if isinstance(error, Unreadable):
        return HttpResponse(status=400)
    refuse_notice(hook=hook, network=client_network(request))
    return HttpResponse(status=403)
