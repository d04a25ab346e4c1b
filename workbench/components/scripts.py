"""Scripts of components, fetched by a browser once: sent inline, they would travel with every run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

ADDRESS = "/script/"

_LOADER = """
export default async function (component) {
  const { default: mount, STYLE } = await import(`${window.location.origin}%s`);
  const { parentElement } = component;
  if (!parentElement.querySelector("style[data-component]")) {
    const style = document.createElement("style");
    style.dataset.component = "";
    style.textContent = STYLE;
    parentElement.prepend(style);
  }
  return mount(component);
}
"""


@dataclass(frozen=True)
class Script:
    """The module of a component with its styles in it; other content has another name."""

    name: str
    content: bytes

    @property
    def loader(self) -> str:
        """What is sent with every run instead: it fetches the module and hands over to it."""
        return _LOADER % f"{ADDRESS}{self.name}"


def script_of(component: str, css: str, js: str) -> Script:
    """Make the module of a component from its styles and its script, which exports a default."""
    content = f"export const STYLE = {json.dumps(css, ensure_ascii=False)};\n{js}".encode()
    return Script(f"{component}-{hashlib.sha256(content).hexdigest()[:16]}.js", content)
