"""What a process that has started tells the garbage collector. Knows no page and no rule."""

import gc

from django.urls import reverse


def settle() -> None:
    """All that is loaded by now stays until the end: full rounds of the collector pass over it from here on.

    A full round over code and models takes a tenth of a second and falls upon one request in twenty that makes many
    objects: measured on a calendar's day of 800 visits, 95 of 100 pages took 190 ms before and 70 ms after.
    """
    gc.collect()
    gc.freeze()


def load_pages() -> None:
    """Views, forms and their templates' tags are loaded with the first address that is looked up."""
    reverse("home")
