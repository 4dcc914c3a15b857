"""What was agreed: parties, campaigns and their terms, lists, reasons."""

from campaigns.models.access import ApiCall, ApiKey, IntakeToken, Right, Session
from campaigns.models.endpoints import Endpoint
from campaigns.models.lists import (
    Disposition,
    ListMapperEntry,
    Phrase,
    Picklist,
    PicklistValue,
    PicklistVersion,
)
from campaigns.models.parties import Client, Supplier, User
from campaigns.models.terms import Agreement, Campaign, Cap, Destination, Field, Source

__all__ = [
    "Agreement",
    "ApiCall",
    "ApiKey",
    "Campaign",
    "Cap",
    "Client",
    "Destination",
    "Disposition",
    "Endpoint",
    "Field",
    "IntakeToken",
    "ListMapperEntry",
    "Phrase",
    "Picklist",
    "PicklistValue",
    "PicklistVersion",
    "Right",
    "Session",
    "Source",
    "Supplier",
    "User",
]
