"""Addresses of the back office."""

from django.urls import path

from . import (
    autosave,
    detail,
    duty_views,
    edit,
    files,
    home,
    hook_views,
    journal_views,
    late_views,
    lists,
    notice_views,
    printing,
    registers,
    steps,
)
from .setup import views as setup_views

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("autosave/", autosave.save, name="autosave"),
    path("autosave/discard/", autosave.discard, name="discard"),
    path("duties/", duty_views.duty_list, name="duties"),
    path("duties/export.<str:form>", duty_views.duty_export, name="duties_export"),
    path("duties/<uuid:duty_id>/", duty_views.duty_detail, name="duty"),
    path("late/", late_views.late, name="late"),
    path("late/remind/", late_views.remind_late, name="late_remind"),
    path("late/export.<str:form>", late_views.late_export, name="late_export"),
    path("notices/", notice_views.inbox, name="notices"),
    path("notices/read/", notice_views.read, name="notices_read"),
    path("notices/preferences/", notice_views.preferences, name="notice_preferences"),
    path("notices/address/", notice_views.address, name="notice_address"),
    path("notices/<int:notice_id>/", notice_views.open_notice, name="notice"),
    path("system/hooks/", hook_views.hooks, name="hooks"),
    path("system/hooks/<int:hook_id>/end/", hook_views.end, name="hook_end"),
    path("system/setup/", setup_views.setup_check, name="setup"),
    path("registers/<slug:register>/", registers.page, name="register"),
    path("registers/<slug:register>/export.<str:form>", registers.export, name="register_export"),
    path("journal/", journal_views.journal, name="journal"),
    path("<slug:kind>/", lists.record_list, name="list"),
    path("<slug:kind>/export.<str:form>", lists.export, name="export"),
    path("<slug:kind>/new/", edit.new, name="new"),
    path("<slug:kind>/<uuid:record_id>/", detail.detail, name="detail"),
    path("<slug:kind>/<uuid:record_id>/file/<int:file_id>/", files.open_file, name="file"),
    path("<slug:kind>/<uuid:record_id>/edit/", edit.edit, name="edit"),
    path("<slug:kind>/<uuid:record_id>/history/", detail.history, name="history"),
    path("<slug:kind>/<uuid:record_id>/print/", printing.page, name="print"),
    path("<slug:kind>/<uuid:record_id>/print/paper.<str:form>", printing.paper, name="print_paper"),
    path("<slug:kind>/<uuid:record_id>/print/sheet.<str:form>", printing.sheet, name="print_sheet"),
    path("<slug:kind>/<uuid:record_id>/print/slip.<str:form>", printing.slip, name="print_slip"),
    path("<slug:kind>/<uuid:record_id>/do/<slug:transition>/", steps.do, name="do"),
]
