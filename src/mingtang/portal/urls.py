"""Addresses of the public site. Everything under ``pub/`` hangs on the lasting path of a publication."""

from django.urls import path

from . import (
    proofs,
    views,
    views_articles,
    views_budgets,
    views_editions,
    views_intake,
    views_organisations,
    views_renderings,
    views_search,
)

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("policies/", views.section, {"name": "policies"}, name="policies"),
    path("policies/page/<int:number>/", views.archive, {"name": "policies"}, name="policies_archive"),
    path("interpretations/", views.section, {"name": "interpretations"}, name="interpretations"),
    path(
        "interpretations/page/<int:number>/", views.archive, {"name": "interpretations"}, name="interpretations_archive"
    ),
    path("stages/<str:code>/", views.stage, name="stage"),
    path("units/", views_organisations.units, name="units"),
    path("units/<str:code>/", views_organisations.unit, name="unit"),
    path("regions/<str:code>/", views_organisations.region, name="region"),
    path("guide/", views_organisations.guide, name="guide"),
    path("catalogue/", views_organisations.catalogue, name="catalogue"),
    path("sitemap/", views_organisations.sitemap, name="sitemap"),
    path("articles/", views_articles.articles, name="articles"),
    path("articles/<int:number>/", views_articles.article, name="article"),
    path("articles/<int:number>/<str:code>/", views_articles.duty, name="duty"),
    path("budgets/", views_budgets.budgets, name="budgets"),
    path("budgets/<str:code>/<int:year>/", views_budgets.budget, name="budget"),
    path("about/", views_articles.about, name="about"),
    path("search", views_search.results, name="search"),
    path("search/suggest", views_search.suggestions, name="suggest"),
    path("feedback/", views_intake.feedback, name="feedback"),
    path("receipt/", views_intake.receipt, name="receipt"),
    path("subscribe/", views_intake.subscribe, name="subscribe"),
    path("subscribe/confirm/<str:token>/", views_intake.confirm, name="subscribe_confirm"),
    path("subscribe/stop/<str:token>/", views_intake.stop, name="subscribe_stop"),
    path("pub/<str:slug>/difference/<int:first>/<int:second>/", views_editions.difference, name="difference"),
    path("pub/<str:slug>/paper.pdf", views_renderings.paper_pdf, name="paper_pdf"),
    path("pub/<str:slug>/paper.docx", views_renderings.paper_docx, name="paper_docx"),
    path("pub/<str:slug>/record.json", views_editions.record_json, name="record_json"),
    path("pub/<str:slug>/edition/<int:number>/record.json", views_editions.record_json, name="edition_record_json"),
    path("pub/<str:slug>/proof.json", proofs.proof_json, name="proof_json"),
    path("pub/<str:slug>/proof/", proofs.proof, name="proof"),
    path("pub/<str:slug>/edition/<int:number>/", views.publication, name="edition"),
    path("pub/<str:slug>/", views.publication, name="publication"),
]
