"""Handing one mail to the mail server so that it is never sent twice, whatever breaks on the way."""

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMessage, get_connection

# What became of a mail. REFUSED and LATER: it has certainly not gone out. UNCLEAR: the line broke while it was handed
# over, and it may have. TAKEN: somebody else is sending it, or has.
SENT, LATER, REFUSED, UNCLEAR, UNREACHABLE, TAKEN = "sent", "later", "refused", "unclear", "unreachable", "taken"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandedOver:
    """``fault`` is the kind and code of the error; never its words, which hold the address."""

    result: str
    fault: str = ""


def hand_over(mail: EmailMessage, *, claim: Callable[[], bool]) -> HandedOver:
    """Send a mail by the settings ``EMAIL_*``.

    Args:
        claim: called when the server is reached and before anything is handed to it; must note, for good, that from
            here on the mail may have gone out. False if somebody else claimed it before.
    """
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("mail server: %s", fault_of(error))
        return HandedOver(UNREACHABLE, fault_of(error))
    try:
        if not claim():
            return HandedOver(TAKEN)
        connection.send_messages([mail])
    except smtplib.SMTPResponseException as error:
        for_good = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
        return HandedOver(REFUSED if for_good else LATER, fault_of(error))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return HandedOver(REFUSED if all(code >= 500 for code in codes) else LATER, fault_of(error))
    except ValueError as error:
        return HandedOver(REFUSED, fault_of(error))
    except (OSError, smtplib.SMTPException) as error:
        return HandedOver(UNCLEAR, fault_of(error))
    finally:
        connection.close()
    return HandedOver(SENT)


def fault_of(error: Exception) -> str:
    """Kind and code of an error, at most 80 characters."""
    code = getattr(error, "smtp_code", "") or getattr(error, "errno", "") or ""
    return f"{type(error).__name__} {code}".strip()[:80]
