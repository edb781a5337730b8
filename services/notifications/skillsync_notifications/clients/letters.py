"""Letters as MIME messages (RFC 5322, RFC 2045): text, the same in HTML, and a calendar file where there is a date."""

import re
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

from skillsync_notifications.clients.calendars import calendar_file, method
from skillsync_notifications.entities import Letter, one_line

__all__ = ["compose", "recipient"]

_SENDER_NAME = "SkillSync"
# As long as a line should be, and an encoded word may be (RFC 5322, section 2.1.1; RFC 2047, section 2).
_LINE = 75
# Nothing that could end the header or the angle brackets around it; and with its name within a line (RFC 5322).
_URL = re.compile(r"https?://[!-;=?-~]{1,900}")


class _Unfolded(UnstructuredHeader):
    """A header that mail systems read by machine: in one line, never in encoded words, whatever its length."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Recipient(UniqueAddressHeader):
    """One address. Its name is a short quoted string, or else in encoded words (RFC 2047) as a whole.

    The standard library folds a long name at its spaces and loses its quotes: what is in it would be read as addresses.
    """

    name: str

    def fold(self, *, policy: Policy) -> str:
        (address,) = self.addresses
        line = f"{self.name}: {address}"
        if line.isascii() and len(line) <= _LINE:
            return f"{line}{policy.linesep}"
        name = Header(address.display_name, "utf-8", _LINE, self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {name}{policy.linesep} <{address.addr_spec}>{policy.linesep}"


_headers = HeaderRegistry()
# The registry makes a header's class of the one given and its base; the stubs ask for the base.
_headers.map_to_type("to", _Recipient)  # type: ignore[arg-type]
_headers.map_to_type("list-unsubscribe", _Unfolded)  # type: ignore[arg-type]
_POLICY = SMTP.clone(header_factory=_headers)


def compose(letter: Letter, sender: str) -> bytes:
    """The message, from `sender` to its one recipient. Raises ValueError for an address or a link that is none.

    What people wrote comes into the headers as one line only, and the header classes refuse line breaks besides.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(_SENDER_NAME, addr_spec=sender)
    message["To"] = recipient(letter)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = letter.written_at
    # The same for every repetition of a mail, so that a mailbox can tell that it has it already.
    message["Message-ID"] = f"<{letter.mail_id}@{sender.rpartition('@')[2]}>"
    # No automatic reply to an automatic mail (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_url:
        # A mailbox's own button: one POST, without a look at the page (RFC 2369, RFC 8058).
        message["List-Unsubscribe"] = f"<{_require_url(letter.unsubscribe_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    if letter.appointment:
        message.add_attachment(
            calendar_file(letter.appointment, sender, letter.written_at),
            maintype="text",
            subtype="calendar",
            params={"method": method(letter.appointment), "charset": "utf-8"},
            filename="exchange.ics",
        )
    # Last: setting content takes away every header that begins with Content-.
    message["Content-Language"] = letter.language
    return message.as_bytes()


def recipient(letter: Letter) -> Address:
    """Whom a letter goes to, the domain in ASCII (RFC 5891) as SES takes it. Raises ValueError for no address."""
    mailbox, _, domain = letter.address.rpartition("@")
    if not (mailbox and domain and mailbox.isascii()):
        raise ValueError("no address")
    try:
        return Address(one_line(letter.name), addr_spec=f"{mailbox}@{domain.encode('idna').decode()}")
    except (MessageError, IndexError):
        # IndexError: the standard library's parser, where the text ends too early.
        raise ValueError("no address") from None


def _require_url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError("no URL")
    return url
