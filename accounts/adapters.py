"""How allauth behaves in this house: nobody signs up by themselves. Settings hold the rest."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the clinic's administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
