"""One page of the table of every page: what it is called, who answers it, and how one comes to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page

from tests.browser.premises import Premises

Way = Callable[[Premises], Page]
_SEND = """([path, fields]) => {
  const token = document.querySelector('main [name=csrf_token], [name=csrf_token]');
  const form = Object.assign(document.createElement('form'), {method: 'post', action: path, hidden: true});
  for (const [name, value] of Object.entries({csrf_token: token ? token.value : '', ...fields}))
    form.append(Object.assign(document.createElement('textarea'), {name, value}));
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True)
class Shown:
    """A page somebody can meet. ``endpoint`` is empty where no view answers: no such address, no such method."""

    name: str
    endpoint: str
    template: str
    way: Way = field(repr=False)
    status: int = 200


def at(who: str, path: str) -> Way:
    """The page behind an address; names in braces are the references of the queue."""

    def go(house: Premises) -> Page:
        page = house.tab(who)
        page.goto(path.format(**house.requests))
        return page

    return go


def send(page: Page, path: str, **fields: str) -> Page:
    """What a form on this page would send, with the page's own token."""
    with page.expect_navigation():
        page.evaluate(_SEND, [path, fields])
    return page


def sent(who: str, on: str, path: str, **fields: str) -> Way:
    """The answer to a form of the page ``on``, with all its other fields empty."""

    def go(house: Premises) -> Page:
        return send(at(who, on)(house), path.format(**house.requests), **fields)

    return go
