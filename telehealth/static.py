"""How static files are stored for a clinic. In the demo they are served in place, as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import minify
from django.core.files.base import ContentFile, File
from servestatic.storage import CompressedManifestStaticFilesStorage


class SmallerStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed, and our own scripts minified: comments and types are a third of what a phone would load.

    What is vendored stays as its makers sealed it. A minifier with a whole parser: one that goes by patterns (rjsmin)
    took a space out of a sentence inside a template.
    """

    # Modules name each other by their hashed names: no browser mixes the scripts of two releases.
    support_js_module_import_aggregation = True
    # So deep at most is one module above another.
    max_post_process_passes = 20

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """Hash what was minified, not what was written: in comments types name modules in circles."""
        ours = {name: (self, name) for name in paths if _is_ours(name)}
        yield from super().post_process({**paths, **ours}, *args, **options)

    def _save(self, name: str, content: File[Any]) -> str:
        if _is_ours(name):
            content.seek(0)
            written = content.read().decode()
            smaller: str = minify.string("application/javascript", written)
            # Of a module of types, which ends with `export {}`, it leaves half a statement.
            content = ContentFile((written if smaller.strip() == "export" else smaller).encode(), name=name)
        saved: str = super()._save(name, content)
        return saved


def _is_ours(name: str) -> bool:
    return name.startswith("js/") and name.endswith(".js")
