from django.urls import path

from captcha import views

urlpatterns = [path("", views.challenge, name="challenge")]
