"""The challenge the widget asks for."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from captcha import proof
from captcha.forms import FORM_NAMES
from captcha.ratelimit import RateLimit, client_ip

challenges = RateLimit("captcha_challenge", lambda: settings.CAPTCHA_CHALLENGE_RATE)


@login_not_required
@never_cache
@require_GET
def challenge(request: HttpRequest) -> HttpResponse:
    """Hand out a challenge for the form named in the address; a cached one would be a spent one."""
    form_name = request.GET.get("form", "")
    if form_name not in FORM_NAMES:
        return JsonResponse({"error": "no such form"}, status=400)
    wait = challenges.allow(client_ip(request))
    if wait:
        return JsonResponse({"error": "too many challenges"}, status=429, headers={"Retry-After": str(wait)})
    return JsonResponse(proof.make_challenge(form_name))
