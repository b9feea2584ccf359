"""html_check.py FILE ITERATIONS: reads a page of `aatgs html` with Python's own parser: it is well
formed, reaches for nothing outside, its policy fits what is in it, and its data are JSON. Prints
`ok` or what is wrong."""
import base64
import hashlib
import html.parser
import json
import re
import sys


def fail(text):
    print(text)
    sys.exit(1)


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.policy, self.ids, self.targets = [], '', [], []
        self.scripts, self.styles, self.data, self.counts = [], [], None, {}

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if any(name.startswith('on') or name == 'style' for name in a):
            fail('%s has %s' % (tag, a))
        if 'src' in a or (tag in ('a', 'link') and not a.get('href', '').startswith('#')):
            fail('%s leads outside: %s' % (tag, a))
        if a.get('http-equiv') == 'Content-Security-Policy':
            self.policy = a['content']
        if 'id' in a:
            self.ids.append(a['id'])
        if tag == 'a':
            self.targets.append(a['href'][1:])
        if tag in ('script', 'style'):
            where = self.styles if tag == 'style' else self.scripts
            self.data_here = a.get('type') == 'application/json'
            self.text = []
            self.where = where
        if tag not in ('meta', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            fail('</%s> ends what is not open' % tag)
        if tag in ('script', 'style'):
            if self.data_here:
                self.data = ''.join(self.text)
            else:
                self.where.append(''.join(self.text))

    def handle_data(self, data):
        if self.open and self.open[-1] in ('script', 'style'):
            self.text.append(data)


def digest(text):
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def main():
    text = open(sys.argv[1], encoding='utf-8', newline='').read()
    page = Page()
    page.feed(text)
    if page.open:
        fail('not closed: %s' % page.open)
    if len(page.scripts) != 2 or len(page.styles) != 1:
        fail('%d scripts, %d styles' % (len(page.scripts), len(page.styles)))
    wanted = "default-src 'none'; script-src %s %s; style-src %s; base-uri 'none'; form-action 'none'"
    if page.policy != wanted % tuple(map(digest, page.scripts + page.styles)):
        fail('the policy is %s' % page.policy)
    if len(set(page.ids)) != len(page.ids):
        fail('an id comes twice')
    for target in page.targets:
        if target not in page.ids:
            fail('#%s leads nowhere' % target)
    rest = text
    for script in page.scripts:
        rest = rest.replace(script, '')
    odd = re.search('[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]', rest)
    if odd:
        fail('U+%04X is in the page' % ord(odd.group()))
    if '<' in page.data or '>' in page.data or '&' in page.data:
        fail('markup in the data')
    data = json.loads(page.data)
    if sum(data['count']) != int(sys.argv[2]):
        fail('%d iterations' % sum(data['count']))
    if sum(bar['count'] for bar in data['histogram']) != int(sys.argv[2]):
        fail('the histogram has other iterations')
    for window in data['windows']:
        for worker, task, start, duration, iteration, part in window['parts']:
            if not 0 <= task < len(data['tasks']) or start < 0:
                fail('a part is not as it should be')
    print('ok')


main()
