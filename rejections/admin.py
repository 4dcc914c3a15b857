"""Lists in the admin site: imported and exported with a preview, by the same rules as on their pages.

Values and entries are changed one by one on the picklist's page, which shows what that does to leads.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field as Column
from import_export.resources import ModelResource

from campaigns.listing import Do, Edit, Listing, plan
from campaigns.models import ListMapperEntry, Picklist, PicklistValue, User
from leads.sheet import shield, unshield
from rejections import lists


class _Paper:
    """A picklist as the file's rows leave it so far."""

    def __init__(self, picklist: Picklist) -> None:
        self.picklist = picklist
        self.listing: Listing = lists.read(picklist)
        self.edits: list[Edit] = []


class _ListResource(ModelResource):
    """Rows of a file become edits, tried on paper row by row; the file is saved as one version a picklist.

    Cells are written so that no spreadsheet runs them as a formula, and read back without loss.
    """

    client = Column("picklist__client__code", "client", readonly=True)
    picklist = Column("picklist__name", "picklist", readonly=True)

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.papers: dict[tuple[str, str], _Paper] = {}
        missing = {"client", "picklist", "value"} - set(dataset.headers or ())
        if missing:
            raise ValidationError(
                f"The file has no column {', '.join(sorted(missing))}. Nothing was changed."
            )

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name, cell in list(row.items()):
            row[name] = "" if cell is None else unshield(str(cell)).strip()
        named = (row["client"], row["picklist"])
        if named not in self.papers:
            found = Picklist.objects.filter(client__code=named[0], name=named[1]).first()
            if found is None:
                raise ValidationError(f"There is no picklist “{named[1]}” of client “{named[0]}”.")
            self.papers[named] = _Paper(found)

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        paper = self._paper(row)
        return self._meta.model.objects.filter(picklist=paper.picklist, **self._named(row)).first()

    def init_instance(self, row: Any = None) -> Any:
        return self._meta.model(picklist=self._paper(row).picklist)

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Try the row on paper; what cannot be done is said beside it."""
        paper, edit = self._paper(row), self._edit(row)
        made = plan(paper.listing, [edit])
        if made.problems:
            raise ValidationError(f"“{edit.text}” {made.problems[0].problem}.")
        instance.is_new_to_the_list = bool(made.changes)
        if made.changes:
            paper.listing = made.after
            paper.edits.append(edit)
        self._show(instance, row)

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and not instance.is_new_to_the_list

    def validate_instance(self, instance: Any, import_validation_errors: Any = None, **_: Any) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Nothing yet: all rows of a picklist are one save."""

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """One save, and so one version, for each picklist; a preview is rolled back by who asked for it."""
        result.picklists = []
        if result.has_errors() or result.has_validation_errors():
            return
        for paper in self.papers.values():
            if paper.edits:
                lists.save(paper.picklist, paper.edits, by=kwargs.get("user"), at=timezone.now())
                result.picklists.append(paper.picklist)

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> str:
        return shield(str(super().export_field(field, instance, **kwargs) or ""))

    def _paper(self, row: Any) -> _Paper:
        return self.papers[row["client"], row["picklist"]]

    def _named(self, row: Any) -> dict[str, str]:
        raise NotImplementedError

    def _edit(self, row: Any) -> Edit:
        raise NotImplementedError

    def _show(self, instance: Any, row: Any) -> None:
        raise NotImplementedError


class ValueResource(_ListResource):
    """Values: client, picklist, value; a retired value that is listed comes back into use."""

    class Meta:
        model = PicklistValue
        fields = ["client", "picklist", "value"]
        import_id_fields = ["value"]

    def get_queryset(self) -> Any:
        return PicklistValue.objects.filter(retired_at=None).select_related("picklist__client")

    def _named(self, row: Any) -> dict[str, str]:
        return {"value": row["value"]}

    def _edit(self, row: Any) -> Edit:
        return Edit(Do.ADD, row["value"])

    def _show(self, instance: PicklistValue, row: Any) -> None:
        instance.value = row["value"]


class EntryResource(_ListResource):
    """List mapper entries: client, picklist, incoming text, and the value it stands for."""

    value = Column("value__value", "value", readonly=True)

    class Meta:
        model = ListMapperEntry
        fields = ["client", "picklist", "text", "value"]
        import_id_fields = ["text"]

    def get_queryset(self) -> Any:
        return ListMapperEntry.objects.select_related("picklist__client", "value")

    def _named(self, row: Any) -> dict[str, str]:
        return {"text": row.get("text", "")}

    def _edit(self, row: Any) -> Edit:
        text, value = row.get("text", ""), row["value"]
        known = text in self._paper(row).listing.entries
        return Edit(Do.REMAP if known else Do.MAP, text, value)

    def _show(self, instance: ListMapperEntry, row: Any) -> None:
        on_list = PicklistValue.objects.filter(picklist=instance.picklist, value=row["value"])
        instance.text = row.get("text", "")
        instance.value = on_list.first() or PicklistValue(picklist=instance.picklist, value=row["value"])


class _ListAdmin(ImportExportModelAdmin):
    """Looked at, imported and exported here; changed on the picklist's page."""

    skip_admin_log = True  # each save is a version by name
    list_filter = ["picklist"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Many at once are the admins'."""
        person: Any = request.user
        return isinstance(person, User) and person.is_superuser

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        super().add_success_message(result, request)
        for picklist in getattr(result, "picklists", ()):
            link = format_html('<a href="{}">{}</a>', reverse("picklist", args=[picklist.pk]), picklist)
            text = "{} is at version {}. Its page offers to judge the leads again that pass now."
            messages.info(request, format_html(text, link, picklist.version))


@admin.register(PicklistValue)
class ValueAdmin(_ListAdmin):
    resource_classes = [ValueResource]
    list_display = ["value", "picklist", "retired_at"]
    search_fields = ["value"]


@admin.register(ListMapperEntry)
class EntryAdmin(_ListAdmin):
    resource_classes = [EntryResource]
    list_display = ["text", "value", "picklist"]
    search_fields = ["text"]


@admin.register(Picklist)
class PicklistAdmin(admin.ModelAdmin):
    list_display = ["name", "client", "version", "page"]
    list_filter = ["client"]
    readonly_fields = ["version", "page"]

    @admin.display(description="Values and entries")
    def page(self, picklist: Picklist) -> SafeString:
        """Where values and entries are changed."""
        if not picklist.pk:
            return format_html_join("", "{}", [("Save it first.",)])
        return format_html('<a href="{}">Open</a>', reverse("picklist", args=[picklist.pk]))

    def save_model(self, request: HttpRequest, obj: Picklist, form: Any, change: bool) -> None:
        """Another name is a version, too."""
        person: Any = request.user
        if change and "name" in form.changed_data:
            before = Picklist.objects.get(pk=obj.pk)
            lists.rename(before, obj.name, by=person, at=timezone.now())
            obj.version = before.version
        super().save_model(request, obj, form, change)
