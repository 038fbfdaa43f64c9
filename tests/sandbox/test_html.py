"""Telegram's HTML: what it says, and that it is written back as it was read."""

import pytest

from bot.sandbox.entities import Entity, utf16_length, utf16_slice
from bot.sandbox.errors import ApiError
from bot.sandbox.html import parse_html
from bot.sandbox.rendering import to_html
from bot.sandbox.texts import read_caption

SAME = [
    "Hei, Åbo &amp; Turku: 3 &lt; 4",
    "<b>Kokous</b> <i>ke 7.4.</i> <u>klo 9</u> <s>10</s> <tg-spoiler>Teams</tg-spoiler> <code>x</code>",
    "<b>a<i>b<u>c</u></i></b><i>d</i>",
    '<a href="https://kunta.fi/a?b=1&amp;c=2">linkki</a>',
    '<a href="tg://user?id=5001">Anna</a>',
    "<blockquote>lainaus\n<b>toinen</b></blockquote>",
    "<blockquote expandable>pitkä</blockquote>",
    "<pre>a\nb</pre>",
    '<pre><code class="language-python">print()</code></pre>',
    '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>',
    '<tg-time unix="1807080000" format="wDT">ke 7.4.2027 klo 9.00</tg-time>',
    '<tg-time unix="1807080000">ke 7.4.</tg-time>',
    "👩‍💻 <b>👍🏽 ok</b>",
]
READ = [
    ("<STRONG>a</STRONG>", "<b>a</b>"),
    ("<em>a</em><ins>b</ins><strike>c</strike><del>d</del>", "<i>a</i><u>b</u><s>c</s><s>d</s>"),
    ('<span class="tg-spoiler">a</span>', "<tg-spoiler>a</tg-spoiler>"),
    ("<b>a</>", "<b>a</b>"),
    ("<b></b>a", "a"),
    ("&#228;&#xE5;&quot;&nbsp;&copy", 'äå"&amp;nbsp;&amp;copy'),
    ("&amp;lt; &lt", "&amp;lt; &lt;"),
    ('<a href="kunta.fi">a</a>', '<a href="http://kunta.fi/">a</a>'),
    ("<a>https://kunta.fi/x</a>", '<a href="https://kunta.fi/x">https://kunta.fi/x</a>'),
    ('<a href="ei osoite">a</a>', "a"),
    ("a > b", "a &gt; b"),
    ('<code class="language-python">a</code>', "<code>a</code>"),
    ("<code>a<b>b</b></code>", "<code>ab</code>"),
    ("<pre><code>a</code></pre>", "<pre>a</pre>"),
    ("<a href='https://kunta.fi/'  >a</a >", '<a href="https://kunta.fi/">a</a>'),
]


@pytest.mark.parametrize("source", SAME)
def test_entities_are_written_as_html_again(source: str) -> None:
    assert to_html(parse_html(source)) == source


@pytest.mark.parametrize(("source", "written"), READ)
def test_html_is_parsed_as_telegram_parses_it(source: str, written: str) -> None:
    assert to_html(parse_html(source)) == written


def test_offsets_are_utf16() -> None:
    text = parse_html("😀 <b>ä😀</b>")
    assert text.entities == (Entity("bold", 3, 3),)
    assert utf16_length(text.plain) == 6
    assert utf16_slice(text.plain, 3, 3) == "ä😀"


def test_a_time_keeps_its_moment_and_format() -> None:
    (entity,) = parse_html('<tg-time unix="1807080000" format="wDT">ke</tg-time>').entities
    assert entity.as_json() == {
        "type": "date_time",
        "offset": 0,
        "length": 2,
        "unix_time": 1807080000,
        "date_time_format": "wDT",
    }


@pytest.mark.parametrize("parse_mode", ["HTML", None])
def test_a_lone_surrogate_is_no_text(parse_mode: str | None) -> None:
    with pytest.raises(ApiError, match="strings must be encoded in UTF-8"):
        read_caption({"caption": "<b>a\ud83d</b> <\udc00", "parse_mode": parse_mode})
