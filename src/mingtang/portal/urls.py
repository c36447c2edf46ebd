"""Addresses of the public site. Everything under ``pub/`` hangs on the lasting path of a publication."""

from django.urls import path

from . import views, views_articles, views_editions

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("policies/", views.policies, name="policies"),
    path("articles/", views_articles.articles, name="articles"),
    path("articles/<int:number>/", views_articles.article, name="article"),
    path("about/", views_articles.about, name="about"),
    path("pub/<str:slug>/difference/<int:first>/<int:second>/", views_editions.difference, name="difference"),
    path("pub/<str:slug>/record.json", views_editions.record_json, name="record_json"),
    path("pub/<str:slug>/proof/", views_editions.proof, name="proof"),
    path("pub/<str:slug>/edition/<int:number>/", views.publication, name="edition"),
    path("pub/<str:slug>/", views.publication, name="publication"),
]
