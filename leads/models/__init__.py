"""What we hold, and what leaves the house."""

from leads.models.block import LeadBlock
from leads.models.lead import Adjustment, AffiliateEvent, Lead, LeadEvent, LeadKey, LeadQuerySet, LeadValues
from leads.models.leaving import Delivery, DeliveryAttempt, DeliveryQuerySet, Download
from leads.models.money import ClosedMonth, Statement, StatementLine
from leads.models.saved import SavedView, SavedViewQuerySet
from leads.models.unclosed import UnclosedLead

__all__ = [
    "Adjustment",
    "AffiliateEvent",
    "ClosedMonth",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryQuerySet",
    "Download",
    "Lead",
    "LeadBlock",
    "LeadEvent",
    "LeadKey",
    "LeadQuerySet",
    "LeadValues",
    "SavedView",
    "SavedViewQuerySet",
    "Statement",
    "StatementLine",
    "UnclosedLead",
]
