"""The administrators' page of what messages say: each kind by channel and language, own words, and a test."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Organization
from accounts.policy import guarded
from accounts.who import who
from core.errors import Conflict, Invalid, NotFound
from core.http import no_store
from notifications import rendering
from notifications.channels import Parcel
from notifications.forms.plans import ShownForm, WordsForm
from notifications.gsm import segments
from notifications.kinds import Kind, all_kinds
from notifications.languages import LANGUAGES
from notifications.models import Channel
from notifications.selectors import plans as selectors
from notifications.services import arranging, testing
from notifications.views.framed import framed

NAV = {"nav": "message-texts"}
Shown = tuple[Kind, str, str]


@guarded("notifications.plan.view")
@no_store
@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    _, clinic = who(request)
    return _page(request, clinic, _shown(request.GET))


@guarded("notifications.plan.change")
@no_store
@require_POST
def own_words(request: HttpRequest) -> HttpResponseBase:
    """Save the clinic's own words for what is shown."""
    actor, clinic = who(request)
    shown = _shown(request.GET)
    kind, language = shown[0], shown[2]
    form = WordsForm(request.POST)
    if form.is_valid():
        try:
            arranging.set_own_words(
                actor=actor, organization=clinic, kind=kind.name, language=language, words=form.cleaned_data["words"]
            )
        except Invalid as refusal:
            form.add_error("words", refusal.message)
        else:
            messages.success(request, _("The words are saved. They stand in every such email from now on."))
            return redirect(_address(shown))
    return _page(request, clinic, shown, form)


@guarded("notifications.plan.change")
@no_store
@require_POST
def send_test(request: HttpRequest) -> HttpResponseBase:
    """Send what is shown as an email to the administrator who asks."""
    actor, clinic = who(request)
    shown = _shown(request.GET)
    try:
        address = testing.send_test(actor=actor, organization=clinic, kind=shown[0].name, language=shown[2])
    except Conflict as refusal:
        messages.error(request, _("The test was not sent. %(why)s") % {"why": refusal.message})
    else:
        messages.success(request, _("A test is on its way to %(address)s.") % {"address": address})
    return redirect(_address(shown))


@guarded("notifications.plan.view")
@no_store
@require_safe
def preview(request: HttpRequest) -> HttpResponseBase:
    """The email as it looks, for the frame on the page."""
    _, clinic = who(request)
    kind, _, language = _shown(request.GET)
    if Channel.EMAIL not in kind.channels:
        raise NotFound
    return framed(request, rendering.preview(kind, Channel.EMAIL, language, clinic).html)


def _page(request: HttpRequest, clinic: Organization, shown: Shown, form: WordsForm | None = None) -> HttpResponse:
    kind, channel, language = shown
    made: Parcel = rendering.preview(kind, channel, language, clinic)
    channels = [(one.value, str(one.label)) for one in kind.channels]
    choice = ShownForm(initial={"kind": kind.name, "channel": channel, "language": language}, channels=channels)
    words = selectors.own_words_of(clinic.pk, kind.name, language)
    context = {
        "kind": kind,
        "channel": Channel(channel),
        "segments": segments(made.text) if channel == Channel.SMS else 0,
        "has_email": Channel.EMAIL in kind.channels,
        "language": LANGUAGES[language],
        "language_code": language,
        "made": made,
        "choice": choice,
        "query": _query(shown),
        "form": form or WordsForm(initial={"words": words}),
    }
    return render(request, "notifications/texts.html", NAV | context, status=Invalid.status if form else 200)


def _shown(asked: QueryDict) -> Shown:
    """What is asked for, or the first there is: a kind that has no such channel shows another of its own."""
    kinds = {one.name: one for one in all_kinds()}
    if not kinds:
        raise NotFound
    kind = kinds.get(asked.get("kind", "")) or next(iter(kinds.values()))
    channel, language = asked.get("channel", ""), asked.get("language", "")
    return (
        kind,
        channel if channel in kind.channels else str(kind.channels[0]),
        language if language in LANGUAGES else next(iter(LANGUAGES)),
    )


def _query(shown: Shown) -> str:
    kind, channel, language = shown
    asked = QueryDict(mutable=True)
    asked.update({"kind": kind.name, "channel": channel, "language": language})
    return asked.urlencode()


def _address(shown: Shown) -> str:
    return f"{reverse('message-texts')}?{_query(shown)}"
