"""Letters as MIME messages (RFC 5322, RFC 2045): text, and the same in HTML."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from skillsync_notifications.entities import Letter, one_line

__all__ = ["compose", "recipient"]

_SENDER_NAME = "SkillSync"


def compose(letter: Letter, sender: str) -> bytes:
    """The message, from `sender` to its one recipient. Raises ValueError for an address that is none.

    What people wrote comes into the headers as one line only, and the header classes refuse line breaks besides.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_SENDER_NAME, addr_spec=sender)
    message["To"] = recipient(letter)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = letter.written_at
    # The same for every repetition of a mail, so that a mailbox can tell that it has it already.
    message["Message-ID"] = f"<{letter.mail_id}@{sender.rpartition('@')[2]}>"
    # No automatic reply to an automatic mail (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
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
