"""What was agreed: parties, campaigns and their terms, lists, reasons."""

from campaigns.models.endpoints import Endpoint
from campaigns.models.lists import Disposition, ListMapperEntry, Phrase, Picklist, PicklistValue
from campaigns.models.parties import Client, Supplier, User
from campaigns.models.terms import Agreement, Campaign, Cap, Destination, Field, Source

__all__ = [
    "Agreement",
    "Campaign",
    "Cap",
    "Client",
    "Destination",
    "Disposition",
    "Endpoint",
    "Field",
    "ListMapperEntry",
    "Phrase",
    "Picklist",
    "PicklistValue",
    "Source",
    "Supplier",
    "User",
]
