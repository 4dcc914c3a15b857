"""What changes leads in bulk, and what suppliers say against it."""

from rejections.models.affiliatefile import AffiliateFile
from rejections.models.batch import Batch, BatchQuerySet, BatchRow, Kind
from rejections.models.dispute import Dispute, DisputedLead, DisputedLeadQuerySet, DisputeQuerySet
from rejections.models.leadfile import LeadFile, LeadFileQuerySet
from rejections.models.monthclosing import MonthClosing, MonthClosingQuerySet

__all__ = [
    "AffiliateFile",
    "Batch",
    "BatchQuerySet",
    "BatchRow",
    "Dispute",
    "DisputeQuerySet",
    "DisputedLead",
    "DisputedLeadQuerySet",
    "Kind",
    "LeadFile",
    "LeadFileQuerySet",
    "MonthClosing",
    "MonthClosingQuerySet",
]
