"""The whole site map."""

from datetime import date

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import path, register_converter

from campaigns.api import base, dispositions, docs, lists, parties
from campaigns.views import campaign as campaigns
from campaigns.views import keys, list_changes, profile, reasons, settings, signing
from campaigns.views import lists as picklists
from leads.api import affiliates
from leads.api import forms as lead_forms
from leads.api import leads as leads_api
from leads.views import analytics, bulk, find, lead, leadfix, notices, statements, table
from rejections.api import batches, receiving, rejections
from rejections.views import (
    acting,
    check,
    contesting,
    corrections,
    disputes,
    downloads,
    fixing,
    fixing_several,
    home,
    leadfiles,
    listing,
    mapping,
    months,
    portal,
    result,
    sources,
    told,
    upload,
)
from rejections.views import affiliates as affiliate_events


class Format:
    """What a table can be downloaded as."""

    regex = "csv|xlsx"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


class Month:
    """A month: 2026-10, its first day in the view."""

    regex = r"20\d\d-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date) -> str:
        return f"{value:%Y-%m}"


class Side:
    """Whose statements: the clients' or the suppliers'."""

    regex = "clients|suppliers"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


class Anything(Format):
    """Whatever may stand in an address, line breaks too."""

    regex = r"[\s\S]*"


register_converter(Format, "format")
register_converter(Anything, "anything")
register_converter(Month, "month")
register_converter(Side, "side")

handler400 = "leadrej.failing.bad_request"
handler500 = "leadrej.failing.broken"

urlpatterns = [
    path("", home.home, name="home"),
    path("imports/open/", home.open_batches, name="open_batches"),
    path("find/", find.find, name="find"),
    path("imports/", listing.imports, name="imports"),
    path("imports/new/", upload.import_new, name="import_new"),
    path("imports/example.<format:format>", upload.import_example, name="import_example"),
    path("imports/<int:pk>/", result.batch_page, name="batch"),
    path("imports/<int:pk>/map/", mapping.batch_map, name="batch_map"),
    path("imports/<int:pk>/check/", check.batch_check, name="batch_check"),
    path("imports/<int:pk>/progress/", result.batch_progress, name="batch_progress"),
    path("imports/<int:pk>/result/", result.batch_result, name="batch_result"),
    path("imports/<int:pk>/result.<format:format>", result.batch_download, name="batch_download"),
    path("imports/<int:pk>/review/", acting.batch_review, name="batch_review"),
    path("imports/<int:pk>/start/", acting.batch_start, name="batch_start"),
    path("imports/<int:pk>/stop/", acting.batch_stop, name="batch_stop"),
    path("imports/<int:pk>/continue/", acting.batch_continue, name="batch_continue"),
    path("imports/<int:pk>/undo/", acting.batch_undo, name="batch_undo"),
    path("imports/<int:pk>/cancel/", acting.batch_cancel, name="batch_cancel"),
    path("picklists/", picklists.picklists, name="picklists"),
    path("picklists/<int:pk>/", picklists.picklist, name="picklist"),
    path("picklists/<int:pk>/change/", list_changes.picklist_change, name="picklist_change"),
    path("picklists/<int:pk>/judge/", picklists.picklist_judge, name="picklist_judge"),
    path("picklists/<int:pk>/versions/", picklists.picklist_versions, name="picklist_versions"),
    path("fix-queue/", fixing.fix_queue, name="fix_queue"),
    path("fix-queue/several/", fixing_several.fix_several, name="fix_several"),
    path("fix-queue/at-work/", fixing.fix_work, name="fix_work"),
    path("fix-queue/decisions/", fixing.fix_decisions, name="fix_decisions"),
    path("fix-queue/<int:pk>/", fixing.fix_group, name="fix_group"),
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes.<format:format>", disputes.disputes_download, name="disputes_download"),
    path("rejected/", portal.rejected, name="rejected"),
    path("rejected.<format:format>", portal.rejected_download, name="rejected_download"),
    path("to-fix/", portal.to_fix, name="to_fix"),
    path("disputes/answer/", disputes.disputes_answer, name="disputes_answer"),
    path("disputes/new/", contesting.dispute_new, name="dispute_new"),
    path("disputes/<int:pk>/", disputes.dispute, name="dispute"),
    path("disputes/<int:pk>/answer/", disputes.dispute_answer, name="dispute_answer"),
    path("disputes/<int:pk>/effect/", disputes.dispute_effect, name="dispute_effect"),
    path("disputes/<int:pk>/evidence/", disputes.dispute_evidence, name="dispute_evidence"),
    path("disputes/<int:pk>/withdraw/", contesting.dispute_withdraw, name="dispute_withdraw"),
    path("leads/", table.leads, name="leads"),
    path("leads/leads.csv", table.leads_download, name="leads_download"),
    path("leads/act/", bulk.leads_act, name="leads_act"),
    path("leads/views/", table.view_save, name="view_save"),
    path("leads/views/<int:pk>/remove/", table.view_remove, name="view_remove"),
    path("imports/<int:pk>/cells/", corrections.batch_cells, name="batch_cells"),
    path("sources/", sources.source_list, name="sources"),
    path("sources/<str:code>/", sources.source_page, name="source"),
    path("sources/<str:code>/download/", downloads.source_download, name="source_download"),
    path("sources/<str:code>/upload/", corrections.source_upload, name="source_upload"),
    path("sources/<str:code>/resume/", sources.source_resume, name="source_resume"),
    path("sources/<str:code>/import/", leadfiles.source_import, name="source_import"),
    path("lead-files/<int:pk>/", leadfiles.lead_file, name="lead_file"),
    path("downloads/<int:pk>/", downloads.download_page, name="download"),
    path("downloads/<int:pk>/file/", downloads.download_file, name="download_file"),
    path("leads/<int:pk>/", lead.lead, name="lead"),
    path("leads/<int:pk>/fix/", leadfix.lead_fix, name="lead_fix"),
    path("leads/<int:pk>/reject/", lead.lead_reject, name="lead_reject"),
    path("leads/<int:pk>/accept/", lead.lead_accept, name="lead_accept"),
    path("notices/", notices.notices, name="notices"),
    path("notices/notices.csv", notices.notices_csv, name="notices_csv"),
    path("notices/hurry/", notices.notices_hurry, name="notices_hurry"),
    path("notices/webhook/", notices.webhook_save, name="webhook_save"),
    path("notices/webhook/secret/", notices.webhook_secret, name="webhook_secret"),
    path("notices/email/", notices.email_save, name="email_save"),
    path("notices/<int:pk>/again/", notices.notice_again, name="notice_again"),
    path("notices/endpoints/<int:pk>/test/", notices.endpoint_test, name="endpoint_test"),
    path("notices/endpoints/<int:pk>/resume/", notices.endpoint_resume, name="endpoint_resume"),
    path("affiliate-events/", affiliate_events.affiliate_events, name="affiliate_events"),
    path("affiliate-events.csv", affiliate_events.affiliate_events_csv, name="affiliate_events_csv"),
    path("affiliate-events/<int:pk>/", affiliate_events.affiliate_file, name="affiliate_file"),
    path("analytics/", analytics.analytics, name="analytics"),
    path("analytics/<slug:report>.csv", analytics.analytics_download, name="analytics_download"),
    path("campaigns/<str:code>/what-if/", analytics.what_if, name="what_if"),
    path("statements/", statements.grid, name="statements"),
    path(
        "statements/<side:side>/<int:pk>/<month:month>/<str:currency>/",
        statements.statement,
        name="statement",
    ),
    path(
        "statements/<side:side>/<int:pk>/<month:month>/<str:currency>/lines/",
        statements.lines,
        name="statement_lines",
    ),
    path(
        "statements/<side:side>/<int:pk>/<month:month>/<str:currency>/statement.<format:format>",
        statements.download,
        name="statement_download",
    ),
    path("campaigns/<str:code>/months/<month:month>/close/", months.close, name="month_close"),
    path("campaigns/<str:code>/months/<month:month>/closing/", months.closing, name="month_closing"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/<str:code>/", campaigns.campaign, name="campaign"),
    path("campaigns/<str:code>/accept/", campaigns.accept_leads, name="accept_leads"),
    path("campaigns/<str:code>/settings/", settings.campaign_settings, name="campaign_settings"),
    path("campaigns/<str:code>/settings/returns/", settings.edit_campaign, name="edit_campaign"),
    path("campaigns/<str:code>/settings/caps/new/", settings.edit_cap, name="new_cap"),
    path("campaigns/<str:code>/settings/caps/<int:pk>/", settings.edit_cap, name="edit_cap"),
    path("campaigns/<str:code>/settings/fields/new/", settings.edit_field, name="new_field"),
    path("campaigns/<str:code>/settings/fields/<int:pk>/", settings.edit_field, name="edit_field"),
    path("campaigns/<str:code>/settings/fields/<int:pk>/up/", settings.move_field, name="move_field"),
    path("campaigns/<str:code>/settings/terms/new/", settings.edit_agreement, name="new_agreement"),
    path("campaigns/<str:code>/settings/terms/<int:pk>/", settings.edit_agreement, name="edit_agreement"),
    path("campaigns/<str:code>/settings/destination/", settings.edit_destination, name="edit_destination"),
    path(
        "campaigns/<str:code>/settings/destination/test/", settings.test_destination, name="test_destination"
    ),
    path("reasons/", reasons.reasons, name="reasons"),
    path("told/", told.ended, name="told"),
    path("told/bell/", told.bell, name="told_bell"),
    path("profile/", profile.profile, name="profile"),
    path("profile/keys/", keys.keys, name="keys"),
    path("profile/keys/<int:pk>/revoke/", keys.key_revoke, name="key_revoke"),
    path("profile/theme/", profile.theme, name="profile_theme"),
    path("profile/elsewhere/", profile.elsewhere, name="sign_out_elsewhere"),
    path("profile/password/", profile.ChangePassword.as_view(), name="password"),
    path("login/", signing.SignIn.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("sources/<str:code>/tokens/", keys.source_tokens, name="source_tokens"),
    path("sources/<str:code>/tokens/<int:pk>/revoke/", keys.token_revoke, name="token_revoke"),
    path("in/<str:token>/", lead_forms.FormDoor.as_view(), name="form_door"),
    path("api/v1/schema/", docs.SchemaView.as_view(), name="api_schema"),
    path("api/v1/docs/", docs.DocsView.as_view(), name="api_docs"),
    path("api/v1/leads/", leads_api.LeadsView.as_view()),
    path("api/v1/leads/<int:pk>/", leads_api.LeadView.as_view()),
    path("api/v1/affiliate-events/", affiliates.AffiliateEventsView.as_view()),
    path("api/v1/rejections/", rejections.RejectionsView.as_view()),
    path("api/v1/batches/", receiving.BatchesView.as_view()),
    path("api/v1/batches/<int:pk>/", batches.BatchView.as_view()),
    path("api/v1/batches/<int:pk>/rows/", batches.RowsView.as_view()),
    path("api/v1/batches/<int:pk>/result/", batches.ResultView.as_view()),
    path("api/v1/batches/<int:pk>/review/", batches.ReviewView.as_view()),
    path("api/v1/batches/<int:pk>/start/", batches.StartView.as_view()),
    path("api/v1/batches/<int:pk>/stop/", batches.StopView.as_view()),
    path("api/v1/batches/<int:pk>/undo/", batches.UndoView.as_view()),
    path("api/v1/picklists/", lists.PicklistsView.as_view()),
    path("api/v1/picklists/<int:pk>/", lists.PicklistView.as_view()),
    path("api/v1/list-mappers/", lists.EntriesView.as_view()),
    path("api/v1/list-mappers/<int:pk>/", lists.EntryView.as_view()),
    path("api/v1/dispositions/", dispositions.DispositionsView.as_view()),
    path("api/v1/dispositions/<slug:code>/", dispositions.DispositionView.as_view()),
    path("api/v1/campaigns/", parties.CampaignsView.as_view()),
    path("api/v1/sources/", parties.SourcesView.as_view()),
    path("api/v1/suppliers/", parties.SuppliersView.as_view()),
    path("api/v1/<anything:rest>", base.NotThere.as_view()),
    path("admin/login/", signing.to_sign_in),
    path("admin/", admin.site.urls),
]
